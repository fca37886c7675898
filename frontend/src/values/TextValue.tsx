import clsx from 'clsx';
import { Fragment, memo, useContext, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

import { Tooltip } from '@/ui';
import { CitationsContext } from './citations';
import { citedAs } from './forms';
import { blocks, pieces, spans, type Block, type Span } from './markdown';
import styles from './values.module.css';

/** A text with light markdown. While it grows only its last paragraph is read again. */
export function TextValue({ text, streaming = false }: { text: string; streaming?: boolean }) {
  const parts = pieces(text);
  return (
    <div className={clsx(styles.text, streaming && styles.streaming)} data-testid="text-value">
      {parts.map((piece, index) => (
        <Piece key={index} piece={piece} />
      ))}
      {streaming && parts.length === 0 && <p />}
    </div>
  );
}

const Piece = memo(function Piece({ piece }: { piece: string }) {
  return blocks(piece).map((block, index) => <BlockView key={index} block={block} />);
});

function BlockView({ block }: { block: Block }): ReactNode {
  switch (block.kind) {
    case 'heading':
      return (
        <p role="heading" aria-level={Math.min(6, block.level + 2)} className={styles.heading} data-level={block.level}>
          <Spans text={block.text} />
        </p>
      );
    case 'list':
      return <List block={block} />;
    case 'code':
      return (
        <pre className={styles.code}>
          <code>{block.text}</code>
        </pre>
      );
    case 'table':
      return <MarkdownTable block={block} />;
    case 'rule':
      return <hr className={styles.rule} />;
    case 'quote':
      return (
        <blockquote className={styles.quote}>
          <Spans text={block.text} />
        </blockquote>
      );
    default:
      return (
        <p>
          <Spans text={block.text} />
        </p>
      );
  }
}

function List({ block }: { block: Block & { kind: 'list' } }) {
  const items = block.items.map((item, index) => (
    <li key={index}>
      <Spans text={item} />
    </li>
  ));
  return block.ordered ? <ol start={block.start}>{items}</ol> : <ul>{items}</ul>;
}

function MarkdownTable({ block }: { block: Block & { kind: 'table' } }) {
  const cell = (text: string, index: number, Tag: 'th' | 'td') => (
    <Tag key={index}>
      <Spans text={text} />
    </Tag>
  );
  return (
    <div className={styles.scroll}>
      <table className={styles.table}>
        <thead>
          <tr>{block.head.map((text, index) => cell(text, index, 'th'))}</tr>
        </thead>
        <tbody>
          {block.rows.map((row, index) => (
            <tr key={index}>{row.map((text, column) => cell(text, column, 'td'))}</tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const Spans = ({ text }: { text: string }) => spans(text).map((span, index) => <SpanView key={index} span={span} />);

function SpanView({ span }: { span: Span }): ReactNode {
  switch (span.kind) {
    case 'code':
      return <code className={styles.inlineCode}>{span.text}</code>;
    case 'strong':
      return (
        <strong>
          {span.spans.map((each, index) => (
            <SpanView key={index} span={each} />
          ))}
        </strong>
      );
    case 'emphasis':
      return (
        <em>
          {span.spans.map((each, index) => (
            <SpanView key={index} span={each} />
          ))}
        </em>
      );
    case 'link':
      return (
        <a href={span.href} target="_blank" rel="noopener noreferrer nofollow" className={styles.link}>
          {span.text}
        </a>
      );
    case 'citation':
      return <Citation number={span.number} />;
    default:
      return span.text.split('\n').map((line, index) => (
        <Fragment key={index}>
          {index > 0 && <br />}
          {line}
        </Fragment>
      ));
  }
}

/** `[n]`: a button that opens the passage, or plain text where no such passage is known. */
function Citation({ number }: { number: number }) {
  const { t } = useTranslation('editor');
  const citations = useContext(CitationsContext);
  const document = citations?.documents[number - 1];
  if (!citations || !document) return `[${number}]`;
  const title = citedAs(document) || t('values.passage');
  const page = document.page ? t('values.page', { page: document.page }) : '';
  return (
    <Tooltip content={[title, page].filter(Boolean).join(', ')} side="top">
      <button
        type="button"
        className={clsx(styles.citation, 'nodrag')}
        aria-label={t('values.citation', { number, title, page })}
        data-testid={`citation-${number}`}
        onClick={(event) => {
          event.stopPropagation();
          citations.open(document, number);
        }}
      >
        {number}
      </button>
    </Tooltip>
  );
}
