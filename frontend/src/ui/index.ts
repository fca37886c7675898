/** The interface's small parts; every page takes them from here. */
export { Button, IconButton, type ButtonProps, type IconButtonProps } from './Button';
export { Confirm, Dialog, Sheet } from './Dialog';
export { Field, TextArea, TextInput, useField } from './Field';
export { Kbd } from './Kbd';
export { Menu, type MenuEntry } from './Menu';
export { Popover } from './Popover';
export { Combobox, Select, type Option } from './Select';
export { Progress, Spinner } from './Spinner';
export { Avatar, Badge, EmptyState, ErrorState, Skeleton } from './State';
export { Slider, Switch } from './Switch';
export { Tabs, type Tab } from './Tabs';
export { toast, Toaster, type ToastContent } from './Toast';
export { Tooltip, TooltipProvider } from './Tooltip';
export { itemType, typeColour } from './typeColour';
export { useTheme, type Theme } from './theme';
