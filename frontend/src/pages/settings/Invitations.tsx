import { Link2, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useInvitations, useInvite, useWithdrawInvitation } from '@/api/queries';
import type { Invitation, Role } from '@/api/types';
import { Section } from '@/shell/Page';
import { Button, IconButton } from '@/ui';
import { failed } from '@/ui/failed';
import { dateTime } from '@/ui/format';
import { CopyButton } from './CopyButton';
import { RoleSelect } from './Members';
import styles from './Settings.module.css';

/** Links that let somebody in with a role; each works once. */
export function Invitations({ slug }: { slug: string }) {
  const { t } = useTranslation('pages');
  const invitations = useInvitations(slug, true);
  const [role, setRole] = useState<Role>('editor');
  const invite = useInvite(slug);
  return (
    <Section
      title={t('settings.invitations')}
      description={t('settings.invitationsDetail')}
      actions={
        <div style={{ display: 'flex', gap: 8 }}>
          <RoleSelect value={role} onChange={setRole} label={t('settings.inviteAs')} />
          <Button icon={<Link2 size={16} />} busy={invite.isPending} onClick={() => invite.mutate({ role }, { onError: failed(t('settings.notInvited')) })} data-testid="invite">
            {t('settings.invite')}
          </Button>
        </div>
      }
    >
      {invitations.data?.length === 0 && <p className={styles.none}>{t('settings.noInvitations')}</p>}
      {invitations.data && invitations.data.length > 0 && (
        <ul className={styles.list} data-testid="invitations">
          {invitations.data.map((invitation) => (
            <InvitationRow key={invitation.id} invitation={invitation} slug={slug} />
          ))}
        </ul>
      )}
    </Section>
  );
}

function InvitationRow({ invitation, slug }: { invitation: Invitation; slug: string }) {
  const { t } = useTranslation('pages');
  const withdraw = useWithdrawInvitation(slug);
  const link = new URL(invitation.link, window.location.origin).href;
  return (
    <li className={styles.row}>
      <div className={styles.words}>
        <p className={styles.name}>{t(`roles.${invitation.role}`)}</p>
        <p className={styles.sub}>{t('settings.until', { when: dateTime(invitation.expires) })}</p>
      </div>
      <CopyButton text={link} label={t('settings.copyLink')} />
      <IconButton label={t('settings.withdraw')} size="sm" onClick={() => withdraw.mutate(invitation.id, { onError: failed(t('settings.notWithdrawn')) })}>
        <Trash2 size={14} />
      </IconButton>
    </li>
  );
}
