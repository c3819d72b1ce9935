export interface Resource {
  readonly plural: string;
  readonly namespaced: boolean;
}

const namespaced = (plural: string): Resource => ({ plural, namespaced: true });
const clusterWide = (plural: string): Resource => ({ plural, namespaced: false });

/** The kinds that the charts may have. */
export const RESOURCES: Readonly<Record<string, Resource>> = {
  ConfigMap: namespaced('configmaps'),
  Secret: namespaced('secrets'),
  Service: namespaced('services'),
  ServiceAccount: namespaced('serviceaccounts'),
  Deployment: namespaced('deployments'),
  DaemonSet: namespaced('daemonsets'),
  Job: namespaced('jobs'),
  PodDisruptionBudget: namespaced('poddisruptionbudgets'),
  NetworkPolicy: namespaced('networkpolicies'),
  Role: namespaced('roles'),
  RoleBinding: namespaced('rolebindings'),
  PodMonitor: namespaced('podmonitors'),
  ServiceMonitor: namespaced('servicemonitors'),
  PrometheusRule: namespaced('prometheusrules'),
  ClusterRole: clusterWide('clusterroles'),
  ClusterRoleBinding: clusterWide('clusterrolebindings'),
  CustomResourceDefinition: clusterWide('customresourcedefinitions'),
  APIService: clusterWide('apiservices'),
  JSBundle: clusterWide('jsbundles'),
  Category: clusterWide('categories'),
  RoleTemplate: clusterWide('roletemplates'),
  ClusterRuleGroup: clusterWide('clusterrulegroups'),
  ClusterDashboard: clusterWide('clusterdashboards'),
};

/** Whether objects of a kind are in namespaces; false as well for kinds that no chart may have. */
export function isNamespaced(kind: string): boolean {
  return RESOURCES[kind]?.namespaced ?? false;
}
