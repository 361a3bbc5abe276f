using Lethe.Ingest.Reading;

namespace Lethe.Proxy.Page.Compare;

/// <summary>A call that another may be compared with: of the same session, or of that which is compared with now.</summary>
public sealed record OtherTurn(string ExchangeId, string Name)
{
    private const int TurnsMax = 500;

    internal static IReadOnlyList<OtherTurn> Of(StoreReader reader, string org, ExchangeRecord a, ExchangeRecord b) =>
    [
        .. new[] { b.Session, a.Session }.OfType<SessionRecord>().DistinctBy(session => session.Id).SelectMany(session =>
            reader.Exchanges(org, new ExchangeFilter { SessionId = session.Id, FactsAlone = true }).Where(call => call.Turn.Seq is not null && call.ExchangeId != b.ExchangeId).Take(TurnsMax)
                .Select(call => new OtherTurn(call.ExchangeId, session.Id == b.Session?.Id ? $"turn {call.Turn.Seq}" : $"turn {call.Turn.Seq} of {Terminal.Format.OneLine(session.HarnessSessionId, 24)}"))),
    ];
}
