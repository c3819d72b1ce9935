/**
 * Names of what a lab leaves in places that the whole machine shares. A lab's name is in all of them, so that two labs
 * never touch each other's things and `lab:down` knows its own.
 */

const namePattern = /^[a-z][a-z0-9]{0,11}$/;

/** @throws {RangeError} for anything but 1 to 12 lower case letters and digits that start with a letter. */
export function checkLabName(name: string): string {
  if (!namePattern.test(name)) {
    throw new RangeError(`"${name}" is no name for a lab: 1 to 12 lower case letters and digits, a letter first`);
  }
  return name;
}

/** A name that no other lab is likely to have. */
export function randomLabName(): string {
  return `lab${Math.floor(Math.random() * 36 ** 4).toString(36)}`;
}

/** The network namespace of a machine of a lab. */
export function namespaceOf(lab: string, machine: string): string {
  return `plb-${lab}-${machine}`;
}

/** The cgroup of a node's Pods, relative to each cgroup hierarchy. */
export function cgroupOf(lab: string, machine: string): string {
  return `plb-${lab}-${machine}`;
}

/** The one interface that a lab has outside its namespaces. */
export function hostInterfaceOf(index: number): string {
  return `plblab${index}`;
}
