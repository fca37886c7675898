import styles from './Kbd.module.css';

const onMac = /mac|iphone|ipad/i.test(globalThis.navigator?.platform ?? '');
const GLYPHS: Record<string, [mac: string, other: string]> = {
  mod: ['⌘', 'Ctrl'],
  shift: ['⇧', 'Shift'],
  alt: ['⌥', 'Alt'],
  enter: ['↵', 'Enter'],
  backspace: ['⌫', 'Del'],
  escape: ['esc', 'Esc'],
};

/** Keys as this computer writes them: `keys="mod+k"`. */
export function Kbd({ keys }: { keys: string }) {
  return (
    <kbd className={styles.keys}>
      {keys.split('+').map((key) => {
        const glyph = GLYPHS[key.toLowerCase()]?.[onMac ? 0 : 1];
        return <span key={key}>{glyph ?? (key.length === 1 ? key.toUpperCase() : key)}</span>;
      })}
    </kbd>
  );
}
