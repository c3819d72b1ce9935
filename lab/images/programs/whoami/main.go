// Command whoami answers every HTTP request, over IPv4 and IPv6, with one line of JSON that says which Pod answered, on
// which node, and from which address the request came.
//
// Environment: POD_NAME, POD_NAMESPACE and NODE_NAME (by the downward API), PORT (default 8080).
package main

import (
	"context"
	"encoding/json"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

type answer struct {
	Pod       string `json:"pod"`
	Namespace string `json:"namespace"`
	Node      string `json:"node"`
	Client    string `json:"client"`
	Host      string `json:"host"`
	Path      string `json:"path"`
}

func main() {
	port := os.Getenv("PORT")
	if port == "" {
		port = "8080"
	}
	pod := os.Getenv("POD_NAME")
	if pod == "" {
		pod, _ = os.Hostname()
	}
	handler := func(w http.ResponseWriter, r *http.Request) {
		client, _, _ := net.SplitHostPort(r.RemoteAddr)
		w.Header().Set("content-type", "application/json")
		_ = json.NewEncoder(w).Encode(answer{
			Pod:       pod,
			Namespace: os.Getenv("POD_NAMESPACE"),
			Node:      os.Getenv("NODE_NAME"),
			Client:    client,
			Host:      r.Host,
			Path:      r.URL.Path,
		})
	}
	server := &http.Server{Addr: ":" + port, Handler: http.HandlerFunc(handler), ReadHeaderTimeout: 10 * time.Second}
	stopped := make(chan struct{})
	go func() {
		signals := make(chan os.Signal, 1)
		signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
		<-signals
		patience, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = server.Shutdown(patience)
		close(stopped)
	}()
	if err := server.ListenAndServe(); err != http.ErrServerClosed {
		log.Fatal(err)
	}
	<-stopped
}
