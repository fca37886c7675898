import {
  ArrowRightFromLine,
  ArrowRightToLine,
  Binary,
  Box,
  GitBranch,
  Library,
  ShieldCheck,
  Sparkles,
  Wrench,
  type LucideIcon,
} from 'lucide-react';

const ICONS: Record<string, LucideIcon> = {
  input: ArrowRightFromLine,
  encoder: Binary,
  generator: Sparkles,
  retrieval: Library,
  tool: Wrench,
  guard: ShieldCheck,
  control: GitBranch,
  output: ArrowRightToLine,
};

export function FamilyIcon({ family, size = 15 }: { family: string; size?: number }) {
  const Icon = ICONS[family] ?? Box;
  return <Icon size={size} aria-hidden />;
}
