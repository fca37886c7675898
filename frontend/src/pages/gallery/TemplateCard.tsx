import { CircleCheck, CloudDownload } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { useTemplate } from '@/api/queries';
import type { Template } from '@/api/types';
import { GraphDrawing } from '@/drawing/GraphDrawing';
import { Badge, Skeleton } from '@/ui';
import styles from './Gallery.module.css';

/** A template with its drawing; the whole card leads to its page. */
export function TemplateCard({ template, workspace, level = 2 }: { template: Template; workspace?: string; level?: 2 | 3 }) {
  const Heading = `h${level}` as const;
  const graph = useTemplate(template.slug).data?.graph;
  return (
    <li className={styles.card} data-testid={`template-${template.slug}`}>
      <div className={styles.picture}>{graph ? <GraphDrawing graph={graph} /> : <Skeleton height="100%" radius={0} />}</div>
      <div className={styles.words}>
        <Heading className={styles.name}>
          <Link href={`/gallery/${template.slug}${workspace ? `?workspace=${workspace}` : ''}`}>{template.title}</Link>
        </Heading>
        <p className={styles.about}>{template.description}</p>
        <p className={styles.tags}>
          <Readiness ready={template.ready} />
          {template.tags.map((tag) => (
            <Badge key={tag}>{tag}</Badge>
          ))}
        </p>
      </div>
    </li>
  );
}

export function Readiness({ ready }: { ready: boolean }) {
  const { t } = useTranslation('pages');
  return ready ? (
    <Badge tone="success" icon={<CircleCheck size={12} aria-hidden />}>
      {t('gallery.ready')}
    </Badge>
  ) : (
    <Badge tone="warning" icon={<CloudDownload size={12} aria-hidden />}>
      {t('gallery.needsModels')}
    </Badge>
  );
}
