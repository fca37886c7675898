import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeAll, expect, test, vi } from 'vitest';

import { startI18n } from '@/i18n';
import { TooltipProvider } from '@/ui';
import type { Json } from '../editor/document/graph';
import { CitationsContext } from './citations';
import { bytes, documentsIn, formOf, plain } from './forms';
import { ValueView } from './ValueView';

beforeAll(startI18n);

function shown(value: Json, open = vi.fn()) {
  const documents = [{ text: 'Takes 4.2 l', title: 'Pump', page: 3 }];
  render(
    <QueryClientProvider client={new QueryClient()}>
      <TooltipProvider>
        <CitationsContext value={{ documents, open }}>
          <ValueView value={value} />
        </CitationsContext>
      </TooltipProvider>
    </QueryClientProvider>,
  );
  return open;
}

test('a citation opens its passage; one that leads nowhere stays text', async () => {
  const open = shown('It takes 4.2 l [1], or so [7].');
  await userEvent.click(screen.getByRole('button', { name: /Citation 1: Pump/ }));
  expect(open).toHaveBeenCalledWith({ text: 'Takes 4.2 l', title: 'Pump', page: 3 }, 1);
  expect(screen.getByTestId('text-value').textContent).toContain('or so [7].');
});

test('markup in a text is text', () => {
  shown('<img src=x onerror=alert(1)> **bold**');
  expect(document.querySelector('img')).toBeNull();
  expect(screen.getByText('bold').tagName).toBe('STRONG');
});

test('passages are cards with their place and open too', async () => {
  const open = shown({
    type: 'Documents',
    documents: [{ text: 'Oil', title: 'Manual', page: 2, passage: 'p1', score: 0.5 }],
  });
  await userEvent.click(screen.getByRole('button', { name: /Manual/ }));
  expect(open).toHaveBeenCalledOnce();
  expect(screen.getByText(/page 2/)).toBeTruthy();
});

test('a file is a link to its bytes under its own name', () => {
  shown({ type: 'File', artifact: 'ab12', name: 'report.pdf', media: 'application/pdf', size: 2048 });
  const link = screen.getByRole('link', { name: 'Download' });
  expect([link.getAttribute('href'), link.getAttribute('download')]).toEqual(['/api/v1/artifacts/ab12', 'report.pdf']);
});

test('a large value shows its beginning and offers the rest', () => {
  shown({ type: 'Text', artifact: 'ab', size: 90_000, preview: 'Once upon a time' });
  expect(screen.getByText('Once upon a time')).toBeTruthy();
  expect(screen.getByRole('button', { name: /Show all \(90/ })).toBeTruthy();
});

test('data is a tree', () => {
  shown({ type: 'Json', value: { a: [1, 'two'], b: null } });
  expect(screen.getByText('"two"')).toBeTruthy();
});

test.each([
  ['text', 'text'],
  [3, 'number'],
  [false, 'boolean'],
  [null, 'json'],
  [[1], 'json'],
  [{ type: 'Messages', messages: [] }, 'messages'],
  [{ type: 'Image', artifact: 'a' }, 'file'],
  [{ type: 'Table', rows: [] }, 'table'],
  [{ type: 'Embedding', dimension: 3, float32: '' }, 'embedding'],
  [{ type: 'list[Text]', items: ['a'] }, 'list'],
  [{ type: 'Documents', artifact: 'a', size: 9, preview: { count: 2, documents: [{ text: 'x' }] } }, 'kept'],
] as [Json, string][])('%j is told as %s', (value, kind) => {
  expect(formOf(value).kind).toBe(kind);
});

test('documents are found also in the preview of a large value, and copied as text with their numbers', () => {
  const large = {
    type: 'Documents',
    artifact: 'a',
    size: 9,
    preview: { count: 2, documents: [{ text: 'x', title: 'T' }] },
  };
  expect(documentsIn(large)).toEqual([{ text: 'x', title: 'T' }]);
  expect(plain({ type: 'Documents', documents: [{ text: 'x', title: 'T' }] })).toBe('[1] T\nx');
  expect([bytes(0, 'en'), bytes(2048, 'en'), bytes(3_400_000, 'en')]).toEqual(['0 byte', '2 kB', '3.4 MB']);
});
