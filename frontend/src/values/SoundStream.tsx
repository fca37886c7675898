import { Pause, Play } from 'lucide-react';
import { useEffect, useState, useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';

import { Button } from '@/ui';
import type { Json } from '../editor/document/graph';
import { PiecePlayer } from './pieces';
import { ValueView } from './ValueView';
import styles from './values.module.css';

interface Props {
  /** The artifacts of the pieces so far, in their order. */
  pieces: readonly string[];
  /** The whole sound, once it is there. */
  whole: Json | undefined;
}

/** A sound while it is made: played piece by piece from the first press on. Once it is whole it is a sound like any other. */
export function SoundStream({ pieces, whole }: Props) {
  const { t } = useTranslation('editor');
  const [player] = useState(() => new PiecePlayer());
  const state = useSyncExternalStore(player.subscribe, () => player.state);
  const complete = whole !== undefined;
  useEffect(() => player.give(pieces, complete), [player, pieces, complete]);
  useEffect(() => () => player.close(), [player]);
  // Whoever listens already hears it out; nobody is cut off by its being done.
  if (complete && state !== 'playing' && state !== 'paused') return <ValueView value={whole} />;
  const playing = state === 'playing';
  return (
    <div className={styles.soundStream} data-testid="sound-stream" data-state={state}>
      <Button
        size="sm"
        className="nodrag"
        icon={playing ? <Pause size={14} /> : <Play size={14} />}
        onClick={() => void (playing ? player.pause() : player.play())}
      >
        {t(playing ? 'sound.pause' : 'sound.play')}
      </Button>
      <span role="status">
        {state === 'broken'
          ? t('values.keptGone')
          : playing
            ? t('sound.following')
            : t('sound.pieces', { count: pieces.length })}
      </span>
    </div>
  );
}
