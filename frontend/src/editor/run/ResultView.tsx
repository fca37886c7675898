import { SoundStream } from '@/values/SoundStream';
import { ValueView } from '@/values/ValueView';
import type { Result } from './results';

/** What a step gave, whole or as far as it has come. */
export function ResultView({ result }: { result: Result }) {
  if (result.pieces) return <SoundStream pieces={result.pieces} whole={result.value} />;
  return <ValueView value={result.value} streaming={result.streaming} />;
}
