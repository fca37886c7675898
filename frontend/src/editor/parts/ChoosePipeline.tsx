import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { api } from '@/api/client';
import { usePipelines } from '@/api/queries';
import type { Pipeline } from '@/api/types';
import { Button, Dialog, Field, Select } from '@/ui';
import { failed } from '@/ui/failed';
import { addPart } from '../document/parts';
import { useSession } from '../session';

/** Another pipeline of the workspace as a part: a copy of it as it stands, which knows where it came from. */
export function ChoosePipeline({ node, field, onClose }: { node: string; field: string; onClose: () => void }) {
  const { t } = useTranslation('editor');
  const { pipeline, document } = useSession();
  const pipelines = usePipelines(pipeline.workspace);
  const [chosen, setChosen] = useState<string>();
  const [busy, setBusy] = useState(false);
  const options = (pipelines.data ?? [])
    .filter((each) => each.id !== pipeline.id)
    .map((each) => ({ value: each.id, label: each.name, hint: t('parts.version', { version: each.version }) }));
  const take = async (id: string) => {
    setBusy(true);
    try {
      const { name, graph, version } = await api<Pipeline>(`/pipelines/${encodeURIComponent(id)}`);
      addPart(document, { title: name, graph, source: { pipeline: id, version } }, { node, field });
      onClose();
    } catch (error) {
      failed(t('parts.notRead'))(error as Error);
      setBusy(false);
    }
  };
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={t('parts.linkTitle')}
      description={t('parts.linkHow')}
      footer={
        <>
          <Button onClick={onClose}>{t('cancel')}</Button>
          <Button
            variant="primary"
            busy={busy}
            disabled={!chosen}
            onClick={() => chosen && void take(chosen)}
            data-testid="link-pipeline"
          >
            {t('parts.link')}
          </Button>
        </>
      }
    >
      <Field label={t('parts.pipeline')}>
        <Select
          value={chosen}
          options={options}
          empty={t('parts.noPipelines')}
          placeholder={t('parts.choosePipeline')}
          testId="choose-pipeline"
          onChange={setChosen}
        />
      </Field>
    </Dialog>
  );
}
