import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';

import { toast } from '@/ui';
import { useSession } from '../session';
import { turnIntoPart } from './turn';
import { unpack } from './unpack';

/** Milliseconds after which a new node is measured and shown. */
const DRAWN = 80;

/** Turning what is selected into a part, and taking a part apart; what can't be done is said. */
export function useTurning() {
  const { t } = useTranslation('editor');
  const { document, catalogue, view } = useSession();
  return useMemo(
    () => ({
      turnIntoPart: () => {
        const { selected } = view.getState();
        if (selected.length === 0) return;
        const made = turnIntoPart(document, catalogue, selected, t('parts.newTitle'));
        if (typeof made === 'string') {
          view.setState({ selected: [made] });
          // Its name is asked for once it is drawn: what is not seen can't be typed into.
          return void setTimeout(() => view.setState({ renaming: made }), DRAWN);
        }
        const type = made.type === undefined ? '' : t(`types.${made.type}`, { defaultValue: made.type });
        toast({ title: t('turn.refused'), detail: t(`turn.${made.code}`, { type }), tone: 'danger' });
      },
      unpack: () => {
        const [id = ''] = view.getState().selected;
        const ids = unpack(document, catalogue, id);
        if (ids.length > 0) view.setState({ selected: ids });
      },
    }),
    [document, catalogue, view, t],
  );
}
