using System.Buffers;
using System.Net.Http.Headers;
using System.Text.Json;
using Lethe.Proxy.Shipping;

namespace Lethe.Proxy.Importing;

/// <summary>What goes to the ingest door in one request: calls, or lines as they stand; never both.</summary>
internal sealed class ImportBatch
{
    private const int ItemsMax = 1000;
    private const int BytesMax = 4 * 1024 * 1024;
    private const string Lines = "application/x-ndjson";

    private readonly ArrayBufferWriter<byte> buffer = new(64 * 1024);
    private string? mediaType;

    /// <summary>Of each line where it came from.</summary>
    public List<(string File, long Place)> Origins { get; } = [];

    public bool IsEmpty => Origins.Count == 0;

    /// <summary>True for calls, false for lines.</summary>
    public bool IsOfCalls => mediaType == ShippedCall.MediaType;

    /// <summary>True where there is room for it, or nothing yet.</summary>
    public bool Takes(ImportItem item) => IsEmpty || (Origins.Count < ItemsMax && buffer.WrittenCount < BytesMax && mediaType == TypeOf(item));

    public void Add(string file, ImportItem item)
    {
        mediaType = TypeOf(item);
        Origins.Add((file, item.Place));
        if (item.Call is { } call)
        {
            using var json = new Utf8JsonWriter(buffer);
            ShippedCall.Write(json, call);
        }
        else
        {
            buffer.Write(item.Line);
        }

        buffer.Write("\n"u8);
    }

    public HttpContent ToContent() => new ReadOnlyMemoryContent(buffer.WrittenMemory) { Headers = { ContentType = new MediaTypeHeaderValue(mediaType!) } };

    private static string TypeOf(ImportItem item) => item.Call is null ? Lines : ShippedCall.MediaType;
}
