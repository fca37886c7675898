import { artifactUrl } from './forms';

/** The part of the Web Audio API that is used, so that a test can count what is played when. */
export interface SoundTools {
  read(artifact: string): Promise<ArrayBuffer>;
  context(): Pick<
    AudioContext,
    'currentTime' | 'state' | 'resume' | 'suspend' | 'close' | 'decodeAudioData' | 'createBufferSource' | 'destination'
  >;
}

const browserTools: SoundTools = {
  async read(artifact) {
    const answer = await fetch(artifactUrl(artifact), { credentials: 'same-origin' });
    if (!answer.ok) throw new Error(answer.statusText);
    return answer.arrayBuffer();
  },
  context: () => new AudioContext(),
};

export type Playing = 'still' | 'playing' | 'paused' | 'ended' | 'broken';

/**
 * Plays the pieces of a sound one right after another while more of them come. Nothing is read before the first press on play,
 * which browsers ask for too.
 */
export class PiecePlayer {
  state: Playing = 'still';
  private readonly pieces: string[] = [];
  private complete = false;
  private scheduled = 0;
  private sounding = 0;
  /** Where on the context's clock the next piece begins. */
  private next = 0;
  private context: ReturnType<SoundTools['context']> | null = null;
  private working: Promise<void> | null = null;
  private readonly listeners = new Set<() => void>();

  constructor(private readonly tools: SoundTools = browserTools) {}

  /** All pieces so far, and whether these are all there will be. */
  give(pieces: readonly string[], complete: boolean): void {
    this.pieces.splice(0, this.pieces.length, ...pieces);
    this.complete = complete;
    if (this.context) this.goOn();
  }

  async play(): Promise<void> {
    if (this.state === 'ended' || this.state === 'broken') this.rewind();
    this.context ??= this.tools.context();
    await this.context.resume();
    this.become('playing');
    this.goOn();
  }

  async pause(): Promise<void> {
    await this.context?.suspend();
    if (this.state === 'playing') this.become('paused');
  }

  close(): void {
    void this.context?.close();
    this.context = null;
    this.listeners.clear();
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  private goOn(): void {
    this.working ??= this.scheduleAll().finally(() => {
      this.working = null;
      this.endWhenDone();
    });
  }

  private async scheduleAll(): Promise<void> {
    try {
      while (this.context && this.scheduled < this.pieces.length) {
        const artifact = this.pieces[this.scheduled] as string;
        this.scheduled += 1;
        this.schedule(await this.context.decodeAudioData(await this.tools.read(artifact)));
      }
    } catch {
      this.become('broken');
    }
  }

  private schedule(buffer: AudioBuffer): void {
    const { context } = this;
    if (!context) return;
    const source = context.createBufferSource();
    source.buffer = buffer;
    source.connect(context.destination);
    const at = Math.max(this.next, context.currentTime);
    this.next = at + buffer.duration;
    this.sounding += 1;
    source.onended = () => {
      this.sounding -= 1;
      this.endWhenDone();
    };
    source.start(at);
  }

  private endWhenDone(): void {
    const all = this.complete && this.scheduled >= this.pieces.length && this.sounding === 0 && !this.working;
    if (all && this.state === 'playing') this.become('ended');
  }

  private rewind(): void {
    this.scheduled = 0;
    this.next = 0;
  }

  private become(state: Playing): void {
    this.state = state;
    for (const listener of [...this.listeners]) listener();
  }
}
