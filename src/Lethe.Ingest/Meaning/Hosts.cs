using System.Text;
using Lethe.Capture;

namespace Lethe.Ingest.Meaning;

/// <summary>Told turns of several machines: the one that comes first has the session id as it is, any other has a session of its own, <c>host/id</c>.</summary>
internal static class Hosts
{
    /// <summary>Where a machine's turns go when the id is another machine's; null for what names no machine.</summary>
    public static SessionKey? Apart(InterpretedExchange told) => told.Envelope is { Host: { } host, HarnessSessionId: { } id }
        ? new SessionKey(told.Exchange.OrgId, told.Envelope.HarnessId, $"{host}/{id}")
        : null;

    public static SessionKey SessionOf(WorkingSet set, InterpretedExchange told)
    {
        var plain = new SessionKey(told.Exchange.OrgId, told.Envelope.HarnessId, told.Envelope.HarnessSessionId!);
        // What an administrator has said of an id holds for all machines.
        return Apart(told) is { } own && set.Find(plain.ToId()) is not { MergedInto: not null } && set.Find(plain)?.Facts[SessionFacts.Host] is { } first && first != told.Envelope.Host ? own : plain;
    }

    /// <summary>By which turns are put in order that tell the same of their session: time and the producer's id, so that arrival changes nothing.</summary>
    public static CaptureClock ClockOf(InterpretedExchange told, CaptureClock clock)
    {
        if (told.Envelope.TurnId is not { } turn)
        {
            return clock;
        }

        Span<byte> place = stackalloc byte[16];
        Encoding.UTF8.GetBytes(turn).AsSpan().TryCopyTo(place[..Math.Min(place.Length, Encoding.UTF8.GetByteCount(turn))]);
        return clock with { Id = new Guid(place, bigEndian: true) };
    }
}
