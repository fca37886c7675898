import { CircleDollarSign, Ellipsis, Minimize2, Trash2 } from 'lucide-react';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { useChangeModel, useDeleteModel, type Price } from '@/api/models';
import type { Model } from '@/api/types';
import { Button, Confirm, Dialog, Field, IconButton, Menu, TextInput, toast, type MenuEntry } from '@/ui';
import { failed } from '@/ui/failed';
import styles from '../settings/Settings.module.css';

/** What whoever runs the studio may do with a model. */
export function ModelMenu({ model }: { model: Model }) {
  const { t } = useTranslation(['pages', 'common']);
  const [asking, setAsking] = useState<'price' | 'delete' | null>(null);
  const change = useChangeModel();
  const remove = useDeleteModel();
  const small = model.quantised === 'int8';
  const quantise = () =>
    change.mutate(
      { name: model.name, quantised: small ? 'none' : 'int8' },
      { onSuccess: () => void toast({ title: t('common:saved'), tone: 'success' }), onError: failed(t('models.notChanged')) },
    );
  const entries: MenuEntry[] = [
    ...(model.task === 'text' && !model.server ? [{ label: small ? t('models.whole') : t('models.int8'), icon: <Minimize2 size={16} />, onSelect: quantise }] : []),
    ...(model.task === 'text' ? [{ label: t('models.setPrice'), icon: <CircleDollarSign size={16} />, onSelect: () => setAsking('price') }] : []),
    { label: t('common:delete'), icon: <Trash2 size={16} />, danger: true, onSelect: () => setAsking('delete') },
  ];
  return (
    <>
      <Menu
        align="end"
        entries={entries}
        trigger={
          <IconButton label={t('models.actions', { name: model.title || model.name })} size="sm" tooltip={false}>
            <Ellipsis size={16} />
          </IconButton>
        }
      />
      {asking === 'price' && <PriceDialog model={model} onClose={() => setAsking(null)} />}
      <Confirm
        open={asking === 'delete'}
        onOpenChange={(open) => !open && setAsking(null)}
        title={t('models.deleteTitle', { name: model.title || model.name })}
        description={t('models.deleteDetail')}
        action={t('common:delete')}
        onConfirm={() => remove.mutateAsync(model.name, { onError: failed(t('models.notChanged')) })}
      />
    </>
  );
}

function PriceDialog({ model, onClose }: { model: Model; onClose: () => void }) {
  const { t } = useTranslation(['pages', 'common']);
  const [price, setPrice] = useState<Price>(model.price ?? { prompt: 0, new: 0, currency: 'USD' });
  const change = useChangeModel();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    change.mutate({ name: model.name, price }, { onSuccess: onClose });
  };
  const amount = (text: string) => Number(text.replace(',', '.')) || 0;
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={t('models.setPrice')}
      description={t('models.priceDetail')}
      footer={
        <>
          <Button onClick={onClose}>{t('common:cancel')}</Button>
          <Button variant="primary" type="submit" form="price" busy={change.isPending}>
            {t('common:save')}
          </Button>
        </>
      }
    >
      <form id="price" className={styles.form} onSubmit={submit}>
        <Field label={t('models.pricePrompt')} error={change.error?.about('prompt')}>
          <TextInput type="number" min={0} step="any" value={price.prompt} onChange={(event) => setPrice({ ...price, prompt: amount(event.target.value) })} />
        </Field>
        <Field label={t('models.priceNew')} error={change.error?.about('new')}>
          <TextInput type="number" min={0} step="any" value={price.new} onChange={(event) => setPrice({ ...price, new: amount(event.target.value) })} />
        </Field>
        <Field label={t('models.currency')} error={change.error?.about('currency') ?? (change.error?.errors.length === 0 ? change.error.message : undefined)}>
          <TextInput value={price.currency} maxLength={3} onChange={(event) => setPrice({ ...price, currency: event.target.value.toUpperCase() })} />
        </Field>
      </form>
    </Dialog>
  );
}
