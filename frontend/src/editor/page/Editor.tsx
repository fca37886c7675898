import { ReactFlowProvider } from '@xyflow/react';
import { lazy, Suspense, useEffect, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';

import { Canvas } from '../canvas/Canvas';
import { Palette } from '../canvas/Palette';
import type { CanvasTools } from '../canvas/tools';
import { ShortcutList } from '../canvas/ShortcutList';
import { Inspector } from '../inspector/Inspector';
import { useLinkedPart } from '../parts/LinkedNote';
import { EditValue } from '../run/EditValue';
import { StaleWatcher } from '../run/StaleWatcher';
import { SessionContext, useRoot, useSaveState, useSession, useView, type Session } from '../session';
import { PassageSheet } from '@/values/PassageSheet';
import { ConflictDialog } from './ConflictDialog';
import { LargeValue } from './LargeValue';
import { Resizer, usePanelSize } from './Resizer';
import { RunProvider } from './RunProvider';
import { TopBar } from './TopBar';
import { useLastRun } from './useLastRun';
import { useNarrow } from './useNarrow';
import styles from './page.module.css';

const RunPanel = lazy(() => import('../run/RunPanel'));
const PhoneEditor = lazy(() => import('./PhoneEditor'));

/** Bar, palette, canvas, inspector and the drawer below; on a phone a form instead. */
export function Editor() {
  const narrow = useNarrow();
  useLastRun();
  useTitle();
  return (
    <ReactFlowProvider>
      <RunProvider>
        <StaleWatcher />
        {narrow ? (
          <Suspense fallback={null}>
            <PhoneEditor />
          </Suspense>
        ) : (
          <WideEditor />
        )}
        <Floating />
      </RunProvider>
    </ReactFlowProvider>
  );
}

function WideEditor() {
  const { t } = useTranslation('editor');
  const session = useSessionOfOpen();
  const palette = useView((view) => view.palette) && session.mayEdit;
  const inspector = useView((view) => view.inspector && view.selected.some((id) => session.document.picture.nodes[id]));
  const drawer = useView((view) => view.drawer);
  const [tools, setTools] = useState<CanvasTools | null>(null);
  const [paletteWidth, setPaletteWidth] = usePanelSize('palette', 216, 176, 360);
  const [inspectorWidth, setInspectorWidth] = usePanelSize('inspector', 304, 256, 520);
  const [drawerHeight, setDrawerHeight] = usePanelSize('drawer', 272, 140, 640);
  return (
    <div className={styles.editor} data-testid="editor">
      <TopBar onShow={(ids) => tools?.show(ids)} />
      <SessionContext value={session}>
        <div className={styles.middle}>
          {palette && (
            <aside className={styles.left} style={{ width: paletteWidth }} aria-label={t('palette.panel')}>
              <Palette onAdd={(kind) => tools?.add(kind)} />
              <Resizer edge="right" size={paletteWidth} onSize={setPaletteWidth} />
            </aside>
          )}
          <div className={styles.centre}>
            <main className={styles.canvas}>
              <Canvas bind={setTools} />
            </main>
            {drawer && (
              <section className={styles.drawer} style={{ height: drawerHeight }} aria-label={t('drawer.label')}>
                <Resizer edge="top" size={drawerHeight} onSize={setDrawerHeight} />
                <Suspense fallback={null}>
                  <RunPanel onShow={(ids) => tools?.show(ids)} />
                </Suspense>
              </section>
            )}
          </div>
          {inspector && (
            <aside className={styles.right} style={{ width: inspectorWidth }} aria-label={t('inspector.label')}>
              <Resizer edge="left" size={inspectorWidth} onSize={setInspectorWidth} />
              <Inspector onAlign={(how) => tools?.align(how)} onTurn={() => tools?.turnIntoPart()} />
            </aside>
          )}
        </div>
      </SessionContext>
    </div>
  );
}

/** A part that is a copy of another pipeline is only looked at: its changes belong there. */
function useSessionOfOpen(): Session {
  const session = useSession();
  const linked = useLinkedPart() !== null;
  return useMemo(() => (linked ? { ...session, mayEdit: false } : session), [session, linked]);
}

function Floating() {
  const { view } = useSession();
  const passage = useView((state) => state.passage);
  const conflict = useSaveState().kind === 'conflict';
  const later = useView((state) => state.later);
  useEffect(() => {
    if (!conflict) view.setState({ later: false });
  }, [conflict, view]);
  return (
    <>
      <PassageSheet shown={passage} onClose={() => view.setState({ passage: null })} />
      <LargeValue />
      <EditValue />
      <ShortcutList />
      {conflict && !later && <ConflictDialog />}
    </>
  );
}

function useTitle(): void {
  const name = useRoot((picture) => picture.name);
  useEffect(() => {
    const before = document.title;
    document.title = `${name} · GenAISys Studio`;
    return () => void (document.title = before);
  }, [name]);
}
