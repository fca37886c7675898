import { ChevronLeft } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';

import { Tabs } from '@/ui';
import { Canvas } from '../canvas/Canvas';
import { InputForm } from '../run/InputForm';
import { Outputs } from '../run/Outputs';
import { RunHistory } from '../run/RunHistory';
import { RunSummaryLine } from '../run/RunSummaryLine';
import { useRoot, useSession, useView } from '../session';
import { FindingLine } from '../canvas/FindingLine';
import { RunButton } from './RunButton';
import { SavedState } from './SavedState';
import styles from './page.module.css';

/** On a phone the pipeline is a form with its results; the drawing is there to be looked at. */
export default function PhoneEditor() {
  const { t } = useTranslation('editor');
  const { pipeline } = useSession();
  const name = useRoot((picture) => picture.name);
  const [tab, setTab] = useState('form');
  return (
    <div className={styles.phone} data-testid="phone-editor">
      <header className={styles.phoneBar}>
        <Link
          href={`/w/${pipeline.workspace}`}
          className={styles.back}
          aria-label={t('bar.back', { workspace: pipeline.workspace })}
        >
          <ChevronLeft size={20} aria-hidden />
        </Link>
        <h1>{name}</h1>
        <SavedState />
      </header>
      <Tabs
        className={styles.phoneTabs}
        label={name}
        value={tab}
        onChange={setTab}
        tabs={[
          { value: 'form', label: t('phone.form'), content: <PhoneForm /> },
          {
            value: 'canvas',
            label: t('phone.canvas'),
            content: <div className={styles.phoneCanvas}>{tab === 'canvas' && <Canvas still />}</div>,
          },
          {
            value: 'history',
            label: t('drawer.history'),
            content: <div className={styles.phonePad}>{tab === 'history' && <RunHistory />}</div>,
          },
        ]}
      />
    </div>
  );
}

function PhoneForm() {
  const errors = useView((view) => view.findings).filter((finding) => finding.severity === 'error');
  return (
    <div className={styles.phonePad}>
      <InputForm />
      {errors.map((finding, index) => (
        <FindingLine key={index} finding={finding} />
      ))}
      <div className={styles.phoneRun}>
        <RunButton wide />
        <RunSummaryLine />
      </div>
      <Outputs />
    </div>
  );
}
