using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Lethe.Proxy.IngestApi;

namespace Lethe.Proxy.Importing;

/// <summary>Lines of a file, one in memory at a time; which of them is the last, and whether that one is ended, is told.</summary>
internal static class FileLines
{
    /// <summary>A longer line is passed over: no message of an agent is as long.</summary>
    public const int LineBytesMax = 64 * 1024 * 1024;

    private const int BufferBytes = 256 * 1024;

    public static async IAsyncEnumerable<IncomingLine> ReadAsync(string path, [EnumeratorCancellation] CancellationToken cancel)
    {
        await using var file = new FileStream(path, new FileStreamOptions { Options = FileOptions.SequentialScan, Share = FileShare.ReadWrite | FileShare.Delete, BufferSize = 0 });
        var body = PipeReader.Create(file, new StreamPipeReaderOptions(bufferSize: BufferBytes));
        var lines = new IncomingLines(body, LineBytesMax, long.MaxValue);
        while (await lines.NextAsync(cancel) is { } line)
        {
            if (line.Bytes is null || !line.Bytes.AsSpan().Trim(" \t\r\uFEFF"u8).IsEmpty)
            {
                yield return line;
            }
        }

        await body.CompleteAsync();
    }

    /// <summary>True for a line that its writer has not ended: whoever writes the file is still at it, or was cut off.</summary>
    public static bool IsCut(byte[] line) => line.Length > 0 && line.AsSpan().TrimEnd(" \t\r"u8) is not [.., (byte)'}'];
}
