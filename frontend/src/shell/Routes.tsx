import { lazy, Suspense, useEffect, type ComponentType } from 'react';
import { Redirect, Route, Switch, useLocation, useRoute, type RouteComponentProps } from 'wouter';
import { useMe } from '@/api/queries';
import { ApiError } from '@/api/client';
import { ErrorState } from '@/ui';
import { loadEditor } from './ahead';
import { ErrorBoundary } from './ErrorBoundary';
import { Frame } from './Frame';
import { PageSkeleton } from './Page';
import { rememberedWorkspace } from './place';

const EditorPage = lazy(loadEditor);
const PipelinesPage = lazy(() => import('@/pages/pipelines/PipelinesPage'));
const RunsPage = lazy(() => import('@/pages/runs/RunsPage'));
const TriggersPage = lazy(() => import('@/pages/triggers/TriggersPage'));
const RunPage = lazy(() => import('@/pages/runs/RunPage'));
const CollectionsPage = lazy(() => import('@/pages/collections/CollectionsPage'));
const CollectionPage = lazy(() => import('@/pages/collections/CollectionPage'));
const GalleryPage = lazy(() => import('@/pages/gallery/GalleryPage'));
const TemplatePage = lazy(() => import('@/pages/gallery/TemplatePage'));
const ModelsPage = lazy(() => import('@/pages/models/ModelsPage'));
const SettingsPage = lazy(() => import('@/pages/settings/SettingsPage'));
const AccountPage = lazy(() => import('@/pages/account/AccountPage'));
const WelcomePage = lazy(() => import('@/pages/account/WelcomePage'));
const NotFoundPage = lazy(() => import('@/pages/NotFoundPage'));

const EDITOR = '/w/:workspace/p/:id';

/** The editor fills the window; everything else stands beside the navigation. */
export function Routes() {
  const me = useMe();
  const [editing] = useRoute(EDITOR);
  if (me.error && !unauthorised(me.error)) return <ErrorState error={me.error} retry={() => void me.refetch()} />;
  // The editor reads its pipeline while the person is still being asked for.
  if (!me.data && !editing) return <Frame>{me.error ? null : <PageSkeleton />}</Frame>;
  return (
    <Switch>
      <Route path={EDITOR}>
        {({ workspace, id }) => (
          <ErrorBoundary key={id}>
            <Suspense fallback={<EditorSkeleton />}>
              <EditorPage workspace={workspace} id={id} />
            </Suspense>
          </ErrorBoundary>
        )}
      </Route>
      <Route>
        <Framed />
      </Route>
    </Switch>
  );
}

function Framed() {
  const [location] = useLocation();
  useEffect(() => void window.scrollTo(0, 0), [location]);
  return (
    <Frame>
      <ErrorBoundary key={location}>
        <Suspense fallback={<PageSkeleton />}>
          <Switch>
            <Route path="/" component={Start} />
            <Page path="/w/:workspace" component={PipelinesPage} />
            <Page path="/w/:workspace/p/:id/triggers" component={TriggersPage} />
            <Page path="/w/:workspace/runs" component={RunsPage} />
            <Page path="/w/:workspace/runs/:id" component={RunPage} />
            <Page path="/runs/:id" component={RunPage} />
            <Page path="/w/:workspace/collections" component={CollectionsPage} />
            <Page path="/w/:workspace/collections/:id" component={CollectionPage} />
            <Page path="/w/:workspace/settings" component={SettingsPage} />
            <Page path="/gallery" component={GalleryPage} />
            <Page path="/gallery/:slug" component={TemplatePage} />
            <Page path="/models" component={ModelsPage} />
            <Page path="/account" component={AccountPage} />
            <Route component={NotFoundPage} />
          </Switch>
        </Suspense>
      </ErrorBoundary>
    </Frame>
  );
}

type Params = { workspace: string; id: string; slug: string };

function Page({ path, component: Shown }: { path: string; component: ComponentType<Params> }) {
  return (
    <Route path={path}>{(params: RouteComponentProps<Params>['params']) => <Known {...params} component={Shown} />}</Route>
  );
}

/** A workspace one is no member of is answered like one that does not exist. */
function Known({ component: Shown, ...params }: Params & { component: ComponentType<Params> }) {
  const workspaces = useMe().data?.workspaces ?? [];
  if (params.workspace && !workspaces.some((workspace) => workspace.slug === params.workspace)) return <NotFoundPage />;
  return <Shown {...params} />;
}

function Start() {
  const workspaces = useMe().data?.workspaces ?? [];
  const last = workspaces.find((workspace) => workspace.slug === rememberedWorkspace()) ?? workspaces[0];
  return last ? <Redirect to={`/w/${last.slug}`} replace /> : <WelcomePage />;
}

const unauthorised = (error: unknown): boolean => error instanceof ApiError && error.status === 401;

function EditorSkeleton() {
  return <div style={{ height: '100dvh', background: 'var(--canvas)' }} aria-busy="true" />;
}
