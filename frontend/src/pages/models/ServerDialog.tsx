import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { useAddServer } from '@/api/models';
import { Button, Dialog, Field, Select, Switch, TextInput, toast } from '@/ui';
import styles from '../settings/Settings.module.css';

/** A server that speaks the OpenAI protocol becomes a model; the server is asked before anything is saved. */
export function ServerDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation(['pages', 'common']);
  const [name, setName] = useState('');
  const [url, setUrl] = useState('');
  const [model, setModel] = useState('');
  const [key, setKey] = useState('');
  const [task, setTask] = useState<'text' | 'encoder'>('text');
  const [inside, setInside] = useState(false);
  const add = useAddServer();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const server = { url: url.trim(), model: model.trim(), task, private: inside, ...(key ? { key } : {}) };
    const done = () => {
      toast({ title: t('models.serverAdded', { name: name.trim() }), tone: 'success' });
      onClose();
    };
    add.mutate({ name: name.trim(), server }, { onSuccess: done });
  };
  const about = (field: string) => add.error?.about(field);
  const elsewhere = add.error && !['name', 'url', 'model', 'key'].some(about) ? add.error.message : undefined;
  return (
    <Dialog
      open
      size="md"
      onOpenChange={(open) => !open && onClose()}
      title={t('models.addServer')}
      description={t('models.addServerDetail')}
      footer={
        <>
          <Button onClick={onClose}>{t('common:cancel')}</Button>
          <Button variant="primary" type="submit" form="add-server" busy={add.isPending} disabled={!name.trim() || !url.trim() || !model.trim()}>
            {t('models.tryAndAdd')}
          </Button>
        </>
      }
    >
      <form id="add-server" className={styles.form} onSubmit={submit}>
        <Field label={t('models.serverName')} hint={t('models.serverNameHint')} error={about('name')}>
          <TextInput value={name} maxLength={100} autoFocus spellCheck={false} placeholder="team-llama" onChange={(event) => setName(event.target.value)} />
        </Field>
        <Field label={t('models.serverUrl')} hint={t('models.serverUrlHint')} error={about('url')}>
          <TextInput value={url} type="url" spellCheck={false} placeholder="http://127.0.0.1:11434/v1" onChange={(event) => setUrl(event.target.value)} />
        </Field>
        <Field label={t('models.serverModel')} error={about('model')}>
          <TextInput value={model} maxLength={200} spellCheck={false} placeholder="llama3.2" onChange={(event) => setModel(event.target.value)} />
        </Field>
        <Field label={t('models.serverKey')} hint={t('models.serverKeyHint')} error={about('key') ?? elsewhere}>
          <TextInput value={key} type="password" autoComplete="off" onChange={(event) => setKey(event.target.value)} />
        </Field>
        <Field label={t('models.serverTask')}>
          <Select
            value={task}
            options={[
              { value: 'text', label: t('tasks.text') },
              { value: 'encoder', label: t('tasks.encoder') },
            ]}
            onChange={(chosen) => setTask(chosen as 'text' | 'encoder')}
          />
        </Field>
        <Field label={t('models.serverInside')} hint={t('models.serverInsideHint')}>
          <Switch checked={inside} onChange={setInside} label={t('models.serverInside')} />
        </Field>
      </form>
    </Dialog>
  );
}
