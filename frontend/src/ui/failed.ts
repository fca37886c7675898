import { toast } from './Toast';

/** Says, in the corner, that something was not done and why. */
export const failed =
  (title: string) =>
  (error: { title?: string; message: string }): void =>
    void toast({ title, detail: error.message || error.title, tone: 'danger' });
