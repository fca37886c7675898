"""The language of GenAISys Studio: values, nodes, graphs, checks and the engine, without web, queue or weights."""
