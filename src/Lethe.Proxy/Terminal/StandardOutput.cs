using System.Runtime.InteropServices;
using System.Text;

namespace Lethe.Proxy.Terminal;

/// <summary>
/// Stdout as a stream that says when its reader has gone. .NET's own swallows that, so that a verb whose output goes to <c>head</c> would work on
/// for nobody, and <c>tail</c> for ever.
/// </summary>
internal sealed partial class StandardOutput : Stream
{
    private const int Handle = 1;
    private const int Interrupted = 4;
    private const int TryAgain = 11;
    private const short Writable = 4;
    private const int WaitMilliseconds = 1000;

    private StandardOutput()
    {
    }

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public static Stream Open() => OperatingSystem.IsLinux() ? new StandardOutput() : Console.OpenStandardOutput();

    /// <summary>Makes it what <see cref="Console.Out"/> writes to, every write at once.</summary>
    public static TextWriter Use()
    {
        Console.SetOut(new StreamWriter(Open(), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)) { AutoFlush = true });
        return Console.Out;
    }

    /// <exception cref="OutputFault">It takes no more.</exception>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            var written = (int)Write(Handle, buffer, (nuint)buffer.Length);
            if (written >= 0)
            {
                buffer = buffer[written..];
                continue;
            }

            switch (Marshal.GetLastPInvokeError())
            {
                case Interrupted:
                    break;
                case TryAgain:
                    // Another program that shares it has made it non-blocking.
                    var wait = new Waited { Handle = Handle, Events = Writable };
                    _ = Poll(ref wait, 1, WaitMilliseconds);
                    break;
                case var refused:
                    throw new OutputFault(refused);
            }
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush()
    {
        // Nothing is held back.
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static partial nint Write(int handle, ReadOnlySpan<byte> bytes, nuint count);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static partial int Poll(ref Waited waited, nuint count, int milliseconds);

    /// <summary><c>struct pollfd</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Waited
    {
        public int Handle;
        public short Events;
        public short Happened;
    }
}
