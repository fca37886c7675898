import { LogOut, UserMinus } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocation } from 'wouter';
import { useChangeMember, useMe, useMembers, useRemoveMember } from '@/api/queries';
import { ROLES, type Member, type Role } from '@/api/types';
import { Section } from '@/shell/Page';
import { Avatar, Badge, Confirm, ErrorState, IconButton, Select, Skeleton } from '@/ui';
import { failed } from '@/ui/failed';
import styles from './Settings.module.css';

export function Members({ slug, mayOwn }: { slug: string; mayOwn: boolean }) {
  const { t } = useTranslation(['pages', 'common']);
  const members = useMembers(slug);
  return (
    <Section title={t('settings.members')} description={t('settings.membersDetail')}>
      {members.isError ? (
        <ErrorState error={members.error} retry={() => void members.refetch()} />
      ) : (
        <ul className={styles.list} data-testid="members" aria-busy={!members.data}>
          {!members.data && (
            <li className={styles.row}>
              <Skeleton width={180} />
            </li>
          )}
          {members.data?.map((member) => (
            <MemberRow key={member.id} member={member} slug={slug} mayOwn={mayOwn} />
          ))}
        </ul>
      )}
    </Section>
  );
}

function MemberRow({ member, slug, mayOwn }: { member: Member; slug: string; mayOwn: boolean }) {
  const { t } = useTranslation('pages');
  const me = useMe().data?.user.id === member.id;
  const change = useChangeMember(slug);
  return (
    <li className={styles.row} data-testid="member-row">
      <Avatar name={member.name || member.email} size={32} />
      <div className={styles.words}>
        <p className={styles.name}>
          {member.name} {me && <Badge>{t('settings.you')}</Badge>}
        </p>
        {member.email && <p className={styles.sub}>{member.email}</p>}
      </div>
      {mayOwn ? (
        <RoleSelect
          value={member.role}
          label={t('settings.roleOf', { name: member.name })}
          onChange={(role) => change.mutate({ id: member.id, role }, { onError: failed(t('settings.roleNotChanged')) })}
        />
      ) : (
        <Badge>{t(`roles.${member.role}`)}</Badge>
      )}
      {(mayOwn || me) && <Removal member={member} slug={slug} me={me} />}
    </li>
  );
}

function Removal({ member, slug, me }: { member: Member; slug: string; me: boolean }) {
  const { t } = useTranslation('pages');
  const [asking, setAsking] = useState(false);
  const [, go] = useLocation();
  const remove = useRemoveMember(slug);
  const verb = me ? 'leave' : 'remove';
  return (
    <>
      <IconButton label={t(`settings.${verb}`, { name: member.name })} size="sm" onClick={() => setAsking(true)}>
        {me ? <LogOut size={14} /> : <UserMinus size={14} />}
      </IconButton>
      <Confirm
        open={asking}
        onOpenChange={setAsking}
        title={t(`settings.${verb}Title`, { name: member.name })}
        description={t(`settings.${verb}Detail`)}
        action={t(`settings.${verb}Action`)}
        onConfirm={() =>
          remove.mutateAsync(member.id, { onSuccess: () => me && go('/'), onError: failed(t('settings.notRemoved')) })
        }
      />
    </>
  );
}

/** A role by its name, with what it may do. */
export function RoleSelect({ value, onChange, label, upTo = 'owner' }: { value: Role; onChange: (role: Role) => void; label?: string; upTo?: Role }) {
  const { t } = useTranslation('pages');
  const options = ROLES.slice(0, ROLES.indexOf(upTo) + 1).map((role) => ({ value: role, label: t(`roles.${role}`), hint: t(`roleDetails.${role}`) }));
  return <Select className={styles.role} label={label} value={value} onChange={(role) => onChange(role as Role)} options={options} />;
}
