using System.Text.Json;

namespace Lethe.Capture.Decoding.Wire;

/// <summary>What a message inside a WebSocket does to the call of its lane.</summary>
[Flags]
internal enum SocketMove
{
    None = 0,
    Begins = 1,
    Says = 2,
    Ends = 4,

    /// <summary>The call has its end, behind which something may still be said of it: until the next call of its lane begins, or the connection ends.</summary>
    Completes = 8,
}

/// <summary>What a message does, to which of the calls that are under way at once.</summary>
/// <param name="Request">What a call that begins asks, as one JSON document.</param>
/// <param name="Said">What the server said, as one JSON document.</param>
internal readonly record struct SocketStep(SocketMove Move, string Lane = "", ReadOnlyMemory<byte> Request = default, ReadOnlyMemory<byte> Said = default);

/// <summary>Tells the model calls inside one WebSocket apart. Messages are told in the order in which they passed.</summary>
internal interface ISocketTurns
{
    SocketStep FromClient(JsonElement json, ReadOnlyMemory<byte> message);

    SocketStep FromServer(JsonElement json, ReadOnlyMemory<byte> message);

    /// <summary>
    /// True for a message of the server of which its first bytes tell that it goes on with the call of the unnamed lane, as it stands: it needs no reading. Of very many
    /// messages nearly all are such.
    /// </summary>
    bool OnlySays(ReadOnlySpan<byte> message) => false;
}

/// <summary>The model calls that are made by messages inside a WebSocket, by the end of its path.</summary>
internal sealed record SocketRule(string Suffix, string Name, Func<ISocketTurns> Open)
{
    /// <summary>What may follow the suffix; null for nothing.</summary>
    public string? Variant { get; init; }

    public bool Accepts(string path)
    {
        var end = path.AsSpan().TrimEnd('/');
        end = Variant is not null && end.EndsWith(Variant, StringComparison.OrdinalIgnoreCase) ? end[..^Variant.Length] : end;
        return end.EndsWith(Suffix, StringComparison.OrdinalIgnoreCase);
    }
}
