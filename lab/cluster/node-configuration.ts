import { clusterDns, podRange } from '../network/plan.ts';
import type { NodePlan } from '../network/plan.ts';

/**
 * containerd 1.6. The score for the kernel's out-of-memory killer can't be lowered without CAP_SYS_RESOURCE (runc then
 * fails with "can't get final child's PID from pipe: EOF"): `restrict_oom_score_adj`.
 */
export function containerdConfiguration(paths: { root: string; cni: string }, pauseImage: string): string {
  return `version = 2
root = "${paths.root}"
state = "/run/containerd"
disabled_plugins = ["io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs", "io.containerd.tracing.processor.v1.otlp"]
[debug]
  level = "warn"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${pauseImage}"
  disable_apparmor = true
  disable_hugetlb_controller = true
  tolerate_missing_hugetlb_controller = true
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "${paths.cni}"
`;
}

/** A veth per Pod and a route on the node; nothing else is between nodes and Pods. */
export function cniConfiguration(node: NodePlan, leases: string): object {
  return {
    cniVersion: '0.4.0',
    name: 'lab',
    plugins: [
      {
        type: 'ptp',
        ipMasq: false,
        ipam: {
          type: 'host-local',
          dataDir: leases,
          ranges: [[{ subnet: node.pods.ipv4 }], [{ subnet: node.pods.ipv6 }]],
          routes: [{ dst: '0.0.0.0/0' }, { dst: '::/0' }],
        },
      },
    ],
  };
}

export function kubeletConfiguration(cgroupRoot: string, resolvConf: string): object {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    containerRuntimeEndpoint: 'unix:///run/containerd/containerd.sock',
    cgroupDriver: 'cgroupfs',
    cgroupRoot: `/${cgroupRoot}`,
    failCgroupV1: false,
    failSwapOn: false,
    clusterDomain: 'cluster.local',
    clusterDNS: [clusterDns],
    resolvConf,
    // The lab's networks end in its namespaces: whoever reaches a kubelet is the lab.
    authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
    authorization: { mode: 'AlwaysAllow' },
    // A lab shares the machine's disk and memory with everything else: nothing of it is for the kubelet to guard.
    localStorageCapacityIsolation: false,
    enforceNodeAllocatable: [],
    evictionHard: {},
    imageGCHighThresholdPercent: 100,
    imageGCLowThresholdPercent: 99,
    imageMinimumGCAge: '24h',
    oomScoreAdj: 0,
    volumePluginDir: '/var/lib/kubelet/volume-plugins',
  };
}

export function kubeProxyConfiguration(node: NodePlan, kubeconfig: string): object {
  return {
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    mode: 'iptables',
    hostnameOverride: node.name,
    clientConnection: { kubeconfig },
    clusterCIDR: `${podRange.ipv4},${podRange.ipv6}`,
    healthzBindAddress: '0.0.0.0:10256',
    metricsBindAddress: '127.0.0.1:10249',
    oomScoreAdj: 0,
    // The limits of connection tracking belong to the whole machine and can't be set from a namespace: leave them.
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
  };
}
