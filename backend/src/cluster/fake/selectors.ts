import type { Selection } from '../kube.ts';
import type { KubeObject } from '../objects.ts';

/** Whether an object is in the selection; labels by equality, existence and sets, fields by equality of `metadata` members. */
export function selects(selection: Selection, object: KubeObject): boolean {
  const { namespace, labelSelector, fieldSelector } = selection;
  if (namespace !== undefined && object.metadata?.namespace !== namespace) return false;
  const labels = object.metadata?.labels ?? {};
  if (!requirementsOf(labelSelector).every((requirement) => labelsMeet(requirement, labels))) return false;
  return requirementsOf(fieldSelector).every((requirement) => fieldMeets(requirement, object));
}

/** Commas separate requirements, except within the parentheses of a set. */
function requirementsOf(selector = ''): string[] {
  return selector
    .split(/,(?![^(]*\))/)
    .map((text) => text.trim())
    .filter((text) => text !== '');
}

function labelsMeet(requirement: string, labels: Readonly<Record<string, string>>): boolean {
  const set = /^(\S+)\s+(in|notin)\s*\(([^)]*)\)$/.exec(requirement);
  if (set !== null) {
    const [, name = '', operator, values = ''] = set;
    const listed = values
      .split(',')
      .map((value) => value.trim())
      .includes(labels[name] ?? '');
    return name in labels ? listed === (operator === 'in') : operator === 'notin';
  }
  const equality = /^([^=!]+?)\s*(==|=|!=)\s*(.*)$/.exec(requirement);
  if (equality !== null) {
    const [, name = '', operator, value] = equality;
    return (labels[name] === value) === (operator !== '!=');
  }
  return requirement.startsWith('!') ? !(requirement.slice(1) in labels) : requirement in labels;
}

function fieldMeets(requirement: string, object: KubeObject): boolean {
  const [, field, operator, value] = /^metadata\.(name|namespace)(==|=|!=)(.*)$/.exec(requirement) ?? [];
  if (field !== 'name' && field !== 'namespace') throw new TypeError(`the fake knows no field selector ${requirement}`);
  return (object.metadata?.[field] === value) === (operator !== '!=');
}
