import { useTranslation } from 'react-i18next';
import { useShallow } from 'zustand/react/shallow';

import { Dialog } from '@/ui';
import { ValueActions } from '@/values/ValueActions';
import { Cited, useOutputs } from '../canvas/NodeResult';
import { resultOf } from '../run/results';
import { ResultView } from '../run/ResultView';
import { usePicture, usePlace, useRun, useSession, useView } from '../session';
import { titleOfNode } from '../types/parts';
import styles from './page.module.css';

/** One result with the room to read it. */
export function LargeValue() {
  const large = useView((view) => view.large);
  return large ? <Opened node={large.node} /> : null;
}

function Opened({ node }: { node: string }) {
  const { t } = useTranslation('editor');
  const { catalogue, view } = useSession();
  const open = usePicture((each) => each);
  const place = usePlace();
  const order = useOutputs(node);
  const result = useRun(useShallow(({ run }) => resultOf(run, open, node, place, order)));
  const title = titleOfNode(catalogue, open, node);
  return (
    <Dialog
      open
      onOpenChange={() => view.setState({ large: null })}
      title={title}
      size="lg"
      footer={<ValueActions value={result?.value} name={node} />}
    >
      <div className={styles.large} aria-label={t('node.result', { title })}>
        <Cited node={node}>{result && <ResultView result={result} />}</Cited>
      </div>
    </Dialog>
  );
}
