using System.Text;

namespace Lethe.Proxy.Terminal;

/// <summary>A verb's stdout or stderr: whatever is printed, from wherever it was captured, commands no terminal.</summary>
internal sealed class PrintableWriter(TextWriter inner) : TextWriter(inner.FormatProvider)
{
    /// <summary>For what has been made printable already, and for a terminal's own commands.</summary>
    public TextWriter Inner => inner;

    public override Encoding Encoding => inner.Encoding;

    public override void Write(char value) => inner.Write(Printable.Of(value.ToString()));

    public override void Write(char[] buffer, int index, int count) => inner.Write(Printable.Of(new string(buffer, index, count)));

    public override void Write(string? value) => inner.Write(value is null ? null : Printable.Of(value));

    public override void WriteLine(string? value)
    {
        Write(value);
        inner.Write('\n');
    }

    public override void Flush() => inner.Flush();
}
