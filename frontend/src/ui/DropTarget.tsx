import clsx from 'clsx';
import { Upload } from 'lucide-react';
import { useRef, useState, type DragEvent, type ReactNode } from 'react';
import styles from './DropTarget.module.css';

interface Props {
  onFiles: (files: File[]) => void;
  /** What dropping here does, shown while files are held over it. */
  label: string;
  disabled?: boolean;
  className?: string;
  children: ReactNode;
}

/** An area that takes files dropped on it. Give a button for the same beside it: not everybody can drag. */
export function DropTarget({ onFiles, label, disabled, className, children }: Props) {
  const [over, setOver] = useState(false);
  // Entering a child comes before leaving its parent, so depth is counted.
  const depth = useRef(0);
  if (disabled) return <div className={className}>{children}</div>;
  const carriesFiles = (event: DragEvent) => event.dataTransfer.types.includes('Files');
  const move = (event: DragEvent, step: 1 | -1) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    depth.current += step;
    setOver(depth.current > 0);
  };
  return (
    <div
      className={clsx(styles.target, className)}
      onDragEnter={(event) => move(event, 1)}
      onDragLeave={(event) => move(event, -1)}
      onDragOver={(event) => carriesFiles(event) && event.preventDefault()}
      onDrop={(event) => {
        if (!carriesFiles(event)) return;
        event.preventDefault();
        depth.current = 0;
        setOver(false);
        onFiles([...event.dataTransfer.files]);
      }}
    >
      {children}
      {over && (
        <div className={styles.cover}>
          <span>
            <Upload size={16} aria-hidden />
            {label}
          </span>
        </div>
      )}
    </div>
  );
}
