// Never gets as far as listening.
for (;;);
