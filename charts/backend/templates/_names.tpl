{{/* Fixed, whatever the release is called: Services of type LoadBalancer must not be served twice in a cluster. */}}
{{- define "porterlb.name" -}}
porter-manager
{{- end }}

{{- define "porterlb.selectorLabels" -}}
app.kubernetes.io/name: {{ include "porterlb.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "porterlb.labels" -}}
{{ include "porterlb.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: porterlb
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{/* registry/repository:tag, or registry/repository@digest; the registry of all charts of the release comes first. */}}
{{- define "porterlb.image" -}}
{{- $global := .Values.global | default dict -}}
{{- $registry := $global.imageRegistry | default .Values.image.registry | trimSuffix "/" -}}
{{- $tag := .Values.image.tag | default .Chart.AppVersion -}}
{{- $name := printf "%s%s%s" .Values.image.repository (hasPrefix "sha256:" $tag | ternary "@" ":") $tag -}}
{{- if $registry }}{{ printf "%s/%s" $registry $name }}{{ else }}{{ $name }}{{ end }}
{{- end }}

{{/* As names, or as Pods have them: other charts of a release, which read the same value, want the one or the other. */}}
{{- define "porterlb.imagePullSecrets" -}}
{{- $global := .Values.global | default dict -}}
{{- with $global.imagePullSecrets -}}
imagePullSecrets:
  {{- range . }}
  - name: {{ if kindIs "map" . }}{{ .name }}{{ else }}{{ . }}{{ end }}
  {{- end }}
{{- end -}}
{{- end }}

{{/*
Who says who is who. Without KubeSphere, nobody keeps its namespace from being made by whoever may make namespaces, with a Service of his:
the default counts only where the cluster has KubeSphere's kinds.
*/}}
{{- define "porterlb.kubesphere" -}}
{{- $default := eq (.Values.api.kubesphere | default "") "kubesphere-system/ks-apiserver" -}}
{{- $has := .Capabilities.APIVersions.Has "extensions.kubesphere.io/v1alpha1/APIService" -}}
{{- if or $has (not $default) }}{{ .Values.api.kubesphere }}{{ end }}
{{- end }}

{{/* The virtual resources of the REST API that can be read. */}}
{{- define "porterlb.readModels" -}}
[version, overview, pools, pools/addresses, peers, nodes, services, services/explanation, preflight, docs, openapi.json]
{{- end }}

{{/* Pods of hooks are none of the replicas: their labels must not match the replicas' selector. */}}
{{- define "porterlb.hookLabels" -}}
app.kubernetes.io/name: {{ include "porterlb.name" . }}-hooks
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: porterlb
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{/* The rights of hooks come before the hooks and go with them. The context: before what. */}}
{{- define "porterlb.hookRights" -}}
helm.sh/hook: {{ . }}
helm.sh/hook-weight: "-5"
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end }}

{{/*
Labels of `from` into `into`, under `name`. ks-core injects global.nodeSelector by --set, through a shell that takes the backslash out of
`kubernetes\.io/os`: names with dots come as levels, and values as numbers and truths, which labels are not.
*/}}
{{- define "porterlb.flatten" -}}
{{- range $key, $value := .from -}}
{{- if kindIs "map" $value -}}
{{- include "porterlb.flatten" (dict "from" $value "name" (append $.name $key) "into" $.into) -}}
{{- else if not (kindIs "invalid" $value) -}}
{{- $_ := set $.into (append $.name $key | join ".") (kindIs "string" $value | ternary $value (toJson $value)) -}}
{{- end -}}
{{- end -}}
{{- end }}

{{/* Where Pods may run: global.nodeSelector, and over it nodeSelector. Nothing if neither names a label. */}}
{{- define "porterlb.nodeSelector" -}}
{{- $global := .Values.global | default dict -}}
{{- $injected := dict -}}
{{- include "porterlb.flatten" (dict "from" ($global.nodeSelector | default dict) "name" list "into" $injected) -}}
{{- with merge (dict) (.Values.nodeSelector | default dict) $injected -}}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end -}}
{{- end }}
