import { useCallback, useState } from 'react';
import { useTranslation } from 'react-i18next';

import styles from './page.module.css';

const keyOf = (panel: string): string => `genaisys.editor.size.${panel}`;

/** A panel's size in pixels, within bounds, remembered in this browser. */
export function usePanelSize(
  panel: string,
  standard: number,
  least: number,
  most: number,
): [number, (size: number) => void] {
  const [size, setSize] = useState(() => {
    const kept = Number(localStorage.getItem(keyOf(panel)));
    return kept >= least && kept <= most ? kept : standard;
  });
  const change = useCallback(
    (wanted: number) => {
      const bounded = Math.round(Math.min(most, Math.max(least, wanted)));
      setSize(bounded);
      localStorage.setItem(keyOf(panel), String(bounded));
    },
    [panel, least, most],
  );
  return [size, change];
}

interface Props {
  /** The edge of the panel that is pulled. */
  edge: 'left' | 'right' | 'top';
  size: number;
  onSize: (size: number) => void;
}

export function Resizer({ edge, size, onSize }: Props) {
  const { t } = useTranslation('editor');
  const across = edge !== 'top';
  const sign = edge === 'right' ? 1 : -1;
  return (
    <div
      role="separator"
      aria-orientation={across ? 'vertical' : 'horizontal'}
      aria-label={t('resize')}
      aria-valuenow={size}
      tabIndex={0}
      className={styles.resizer}
      data-edge={edge}
      onPointerDown={(event) => {
        event.preventDefault();
        const from = across ? event.clientX : event.clientY;
        const handle = event.currentTarget;
        handle.setPointerCapture(event.pointerId);
        const move = (moved: PointerEvent) => onSize(size + sign * ((across ? moved.clientX : moved.clientY) - from));
        handle.addEventListener('pointermove', move);
        handle.addEventListener('lostpointercapture', () => handle.removeEventListener('pointermove', move), {
          once: true,
        });
      }}
      onKeyDown={(event) => {
        const step = { ArrowLeft: -16, ArrowRight: 16, ArrowUp: -16, ArrowDown: 16 }[event.key];
        if (step === undefined) return;
        event.preventDefault();
        onSize(size + sign * step);
      }}
    />
  );
}
