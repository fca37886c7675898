import { Link2 } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';

import { api } from '@/api/client';
import { usePipeline } from '@/api/queries';
import type { Version } from '@/api/types';
import { Button } from '@/ui';
import { failed } from '@/ui/failed';
import type { PipelineDocument, PartPicture } from '../document/document';
import { unlinkPart, updatePart } from '../document/parts';
import { useRoot, useSession, useTrail } from '../session';
import { partAt } from './PartTitle';
import styles from './parts.module.css';

/** The part that is open, when it is a copy of another pipeline; with its newer version, and the way to make it one's own. */
export function useLinkedPart(): PartPicture | null {
  const trail = useTrail();
  return useRoot((root) => {
    const linked = trail.map((_, index) =>
      partAt(
        root,
        trail.slice(0, index + 1).map((opened) => opened.part),
      ),
    );
    return linked.find((part) => part?.source) ?? null;
  });
}

export function LinkedNote() {
  const part = useLinkedPart();
  return part?.source ? <Note part={part} pipeline={part.source.pipeline} version={part.source.version} /> : null;
}

function Note({ part, pipeline, version }: { part: PartPicture; pipeline: string; version: number }) {
  const { t } = useTranslation('editor');
  const session = useSession();
  const { document, autosave } = session;
  const mayEdit = autosave !== null; // within the part nothing is edited, the link itself is

  const [busy, setBusy] = useState(false);
  const there = usePipeline(pipeline);
  const newest = there.data?.version ?? version;
  const trail = useTrail();
  const name = trail.at(-1)?.part ?? '';
  const own =
    partAt(
      document.root,
      trail.map((opened) => opened.part),
    ) === part;
  const update = async () => {
    setBusy(true);
    try {
      const { graph } = await api<Version>(`/pipelines/${encodeURIComponent(pipeline)}/versions/${newest}`);
      if (graph) inHolder(document, () => updatePart(document, name, graph, { pipeline, version: newest }));
    } catch (error) {
      failed(t('parts.notRead'))(error as Error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <p className={styles.linked} data-testid="linked-part">
      <Link2 size={14} aria-hidden />
      <span>
        {newest > version ? t('parts.newer', { version, newest }) : t('parts.linkedTo', { version })}{' '}
        {there.data && (
          <Link href={`/w/${there.data.workspace}/p/${pipeline}`} className={styles.source}>
            {there.data.name}
          </Link>
        )}
      </span>
      {mayEdit && own && newest > version && (
        <Button size="sm" busy={busy} onClick={() => void update()} data-testid="update-part">
          {t('parts.update')}
        </Button>
      )}
      {mayEdit && own && (
        <Button size="sm" variant="ghost" onClick={() => inHolder(document, () => unlinkPart(document, name))}>
          {t('parts.unlink')}
        </Button>
      )}
    </p>
  );
}

/** Makes an edit in the graph that holds the open part. */
function inHolder(document: PipelineDocument, edit: () => void): void {
  const { trail } = document;
  document.open(trail.slice(0, -1));
  edit();
  document.open(trail);
}
