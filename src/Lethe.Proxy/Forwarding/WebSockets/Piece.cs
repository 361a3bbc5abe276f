using Lethe.Capture.Exchanges;

namespace Lethe.Proxy.Forwarding.WebSockets;

internal enum PieceKind
{
    /// <summary>Bytes of the client.</summary>
    Client,

    /// <summary>Bytes of the server.</summary>
    Server,

    /// <summary>Bytes of which there is no copy.</summary>
    Gap,

    /// <summary>Somebody waits until this is reached.</summary>
    Mark,

    /// <summary>The connection is over.</summary>
    End,
}

/// <summary>What the reader of a WebSocket's copy is told next.</summary>
/// <param name="PassedAt">A timestamp.</param>
internal readonly record struct Piece(PieceKind Kind, long PassedAt)
{
    public ReadOnlyMemory<byte> Bytes { get; init; }

    public string? Reason { get; init; }

    public TaskCompletionSource<IReadOnlyList<ExchangeBuilder>>? Reached { get; init; }

    public (Ending Ending, string? Reason, TransportError? Error) How { get; init; }
}
