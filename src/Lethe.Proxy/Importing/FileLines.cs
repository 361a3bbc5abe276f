using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Lethe.Proxy.IngestApi;

namespace Lethe.Proxy.Importing;

/// <summary>A line of a file; null bytes for one that is too long.</summary>
/// <param name="IsLast">True for the file's last: who writes it may still be at it, or was cut off.</param>
internal readonly record struct FileLine(int Number, byte[]? Bytes, bool IsLast)
{
    /// <summary>What is wrong with a line that is no JSON object.</summary>
    public string Fault => Bytes is null ? ImportItem.TooLarge : IsLast ? ImportItem.CutOff : ImportItem.BadJson;
}

/// <summary>Lines of a file, two in memory at a time; blank ones are passed over.</summary>
internal static class FileLines
{
    /// <summary>A longer line is passed over: no message of an agent is as long.</summary>
    public const int LineBytesMax = 64 * 1024 * 1024;

    private const int BufferBytes = 256 * 1024;

    public static async IAsyncEnumerable<FileLine> ReadAsync(string path, [EnumeratorCancellation] CancellationToken cancel)
    {
        await using var file = new FileStream(path, new FileStreamOptions { Options = FileOptions.SequentialScan, Share = FileShare.ReadWrite | FileShare.Delete, BufferSize = 0 });
        var body = PipeReader.Create(file, new StreamPipeReaderOptions(bufferSize: BufferBytes));
        var lines = new IncomingLines(body, LineBytesMax, long.MaxValue);
        IncomingLine? held = null;
        while (await lines.NextAsync(cancel) is { } line)
        {
            var bytes = line.Number == 1 && line.Bytes.AsSpan().StartsWith("\uFEFF"u8) ? line.Bytes![3..] : line.Bytes;
            if (bytes is not null && bytes.AsSpan().Trim(" \t\r"u8).IsEmpty)
            {
                continue;
            }

            if (held is { } before)
            {
                yield return new FileLine(before.Number, before.Bytes, IsLast: false);
            }

            held = line with { Bytes = bytes };
        }

        if (held is { } last)
        {
            yield return new FileLine(last.Number, last.Bytes, IsLast: true);
        }

        await body.CompleteAsync();
    }
}
