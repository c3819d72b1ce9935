import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fireEvent } from '@testing-library/dom';
import { silence } from '../../testing/fake-http.ts';
import { play } from '../../testing/stage.tsx';
import { tenantServices } from './tenant.stories.ts';

test('a tenant chooses among the projects of the workspace, and has the choice in the address', async () => {
  const stage = await play({ ...tenantServices, at: '/workspaces/acme/porterlb-services' });
  const picker = stage.screen.getByRole<HTMLSelectElement>('combobox', { name: 'Project' });
  assert.deepEqual([picker.value, [...picker.options].map(({ value }) => value)], ['blog', ['blog', 'shop']]);
  await stage.act(() => fireEvent.change(picker, { target: { value: 'shop' } }));
  assert.ok(stage.screen.getByText('web'));
  await stage.act(() => fireEvent.click(stage.screen.getByRole('button', { name: /Created/ })));
  assert.equal(stage.where(), '/workspaces/acme/porterlb-services?project=shop&sortBy=createTime');
  await stage.close();
});

test('Services of one project are not shown as those of another one', async () => {
  const answers = { ...tenantServices.answers, 'GET /namespaces/blog/services': silence };
  const stage = await play({ ...tenantServices, answers });
  const { screen, act } = stage;
  assert.ok(screen.getByText('web'));
  const picker = screen.getByRole<HTMLSelectElement>('combobox', { name: 'Project' });
  await act(() => fireEvent.change(picker, { target: { value: 'blog' } }));
  assert.deepEqual([picker.value, screen.queryByText('web') === null], ['blog', true]);
  assert.ok(screen.getByText('Loading…'));
  await stage.close();
});
