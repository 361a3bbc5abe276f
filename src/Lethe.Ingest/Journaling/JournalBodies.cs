using System.Text.Json;
using Lethe.Capture.Exchanges;

namespace Lethe.Ingest.Journaling;

/// <summary>Finds exchanges, with their bodies, again by the position that their rows keep. Not thread-safe.</summary>
public sealed class JournalBodies(string directory) : IDisposable
{
    private readonly LineFetcher lines = new(directory);
    private readonly LineFetcher heads = new(directory, completes: false);

    /// <summary>The exchange whose first line stands at a position; null when its segment is gone or holds nothing readable there.</summary>
    public CapturedExchange? TryRead(JournalPosition at)
    {
        try
        {
            var first = lines.Read(at, out var kind);
            return kind switch
            {
                LineKind.Exchange => first,
                LineKind.Open => TryReadParts(first.Id, at),
                _ => null,
            };
        }
        catch (Exception error) when (IsUnreadable(error))
        {
            return null;
        }
    }

    /// <summary>What the first line of an exchange says: the head of its request, whatever became of the bodies. Null as in <see cref="TryRead"/>.</summary>
    public CapturedExchange? TryReadHead(JournalPosition at)
    {
        try
        {
            return heads.Read(at);
        }
        catch (Exception error) when (IsUnreadable(error))
        {
            return null;
        }
    }

    public void Dispose()
    {
        lines.Dispose();
        heads.Dispose();
    }

    private static bool IsUnreadable(Exception error) => error is FormatException or JsonException or InvalidOperationException or IOException;

    private CapturedExchange? TryReadParts(ExchangeId id, JournalPosition openedAt)
    {
        using var cursor = new JournalCursor(directory, openedAt);
        var exchange = new OpenExchange(openedAt);
        while (cursor.Step() == CursorStep.Line)
        {
            if (cursor.Kind is not (LineKind.Part or LineKind.Close) || ExchangeReader.ReadId(cursor.Data.Span) != id)
            {
                continue;
            }

            if (cursor.Kind == LineKind.Close)
            {
                return exchange.Assemble(lines, ExchangeReader.Read(cursor.Data.Span, lines.EarlierIn(cursor.LineAt.Segment)));
            }

            exchange.Add(cursor.LineAt);
        }

        return null;
    }
}
