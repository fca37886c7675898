import { LayoutGrid } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { NewWorkspace } from '@/shell/NewWorkspace';
import { useTitle } from '@/shell/Page';
import { Button, EmptyState } from '@/ui';

/** For a person who is a member of no workspace yet. */
export default function WelcomePage() {
  const { t } = useTranslation('pages');
  const [creating, setCreating] = useState(false);
  useTitle('');
  return (
    <>
      <EmptyState
        level={1}
        icon={<LayoutGrid size={20} />}
        title={t('workspaces.none')}
        action={
          <Button variant="primary" onClick={() => setCreating(true)}>
            {t('workspaces.new')}
          </Button>
        }
      >
        {t('workspaces.noneDetail')}
      </EmptyState>
      <NewWorkspace open={creating} onOpenChange={setCreating} />
    </>
  );
}
