import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import i18next from 'i18next';
import { useState } from 'react';
import { initReactI18next } from 'react-i18next';
import { beforeAll, expect, it, vi } from 'vitest';
import en from '../i18n/en/common.json';
import { Field } from './Field';
import { Select, type Option } from './Select';

beforeAll(() => i18next.use(initReactI18next).init({ lng: 'en', resources: { en: { common: en } }, defaultNS: 'common' }));

const OPTIONS: Option[] = [
  { value: 'a', label: 'Apple' },
  { value: 'b', label: 'Banana', hint: 'yellow' },
  { value: 'c', label: 'Cherry', disabled: true },
];

function Fruit({ onChange, searchable }: { onChange: (value: string) => void; searchable?: boolean }) {
  const [value, setValue] = useState('a');
  return (
    <Field label="Fruit">
      <Select value={value} searchable={searchable} options={OPTIONS} onChange={(next) => (setValue(next), onChange(next))} />
    </Field>
  );
}

it('is named by its field and tells what is chosen', () => {
  render(<Fruit onChange={() => undefined} />);
  expect(screen.getByRole('combobox', { name: 'Fruit' }).textContent).toContain('Apple');
});

it('is chosen from by keyboard alone', async () => {
  const onChange = vi.fn();
  const user = userEvent.setup();
  render(<Fruit onChange={onChange} />);
  await user.tab();
  await user.keyboard('{ArrowDown}');
  expect(screen.getAllByRole('option')).toHaveLength(3);
  await user.keyboard('{ArrowDown}{Enter}');
  expect(onChange).toHaveBeenCalledExactlyOnceWith('b');
  expect(screen.queryByRole('listbox')).toBeNull();
});

it('jumps to a letter, and refuses what is disabled', async () => {
  const onChange = vi.fn();
  const user = userEvent.setup();
  render(<Fruit onChange={onChange} />);
  await user.click(screen.getByRole('combobox'));
  await user.keyboard('c{Enter}');
  expect(onChange).not.toHaveBeenCalled();
  await user.keyboard('b{Enter}');
  expect(onChange).toHaveBeenCalledWith('b');
});

it('is searched by label and hint', async () => {
  const onChange = vi.fn();
  const user = userEvent.setup();
  render(<Fruit searchable onChange={onChange} />);
  await user.click(screen.getByRole('combobox', { name: 'Fruit' }));
  await user.keyboard('yell');
  expect(screen.getAllByRole('option').map((option) => option.textContent)).toEqual(['Bananayellow']);
  await user.keyboard('{Enter}');
  expect(onChange).toHaveBeenCalledWith('b');
});
