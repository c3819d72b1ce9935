/** ks-core keeps a package in a ConfigMap, which has room for 1 MiB with everything around it. */
export const MAX_PACKED_BYTES = 900_000;
