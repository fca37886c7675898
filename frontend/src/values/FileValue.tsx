import { Download, File as FileIcon } from 'lucide-react';
import { useTranslation } from 'react-i18next';

import { artifactUrl, bytes, type FileForm } from './forms';
import styles from './values.module.css';

/** Bytes in the store: a picture is shown, a sound or film can be played, anything else is a link. */
export function FileValue({ file }: { file: FileForm }) {
  const { i18n } = useTranslation('editor');
  const { t } = useTranslation('editor');
  const url = artifactUrl(file.artifact);
  const media = file.media.split('/')[0];
  return (
    <figure className={styles.file}>
      {(file.type === 'Image' || media === 'image') && (
        <img src={url} alt={file.name || t('values.picture')} className={styles.picture} />
      )}
      {(file.type === 'Audio' || media === 'audio') && (
        <audio controls preload="metadata" src={url} className="nodrag" />
      )}
      {(file.type === 'Video' || media === 'video') && (
        <video controls preload="metadata" src={url} className="nodrag" />
      )}
      <figcaption className={styles.caption}>
        <FileIcon size={14} aria-hidden />
        <span className={styles.fileName}>{file.name || t('values.file')}</span>
        {file.size > 0 && <span className={styles.note}>{bytes(file.size, i18n.language)}</span>}
        <a
          href={url}
          download={file.name || true}
          className={`${styles.download} nodrag`}
          aria-label={t('values.download')}
        >
          <Download size={14} aria-hidden />
        </a>
      </figcaption>
    </figure>
  );
}
