using Lethe.Capture.Exchanges;
using Lethe.Ingest.Reading;
using Lethe.Proxy.Configuration;
using Lethe.Proxy.Terminal;

namespace Lethe.Proxy.Commands;

/// <summary>What a person means by the word for a session: its id, the beginning of one, the harness's own id, or nothing, which is the newest.</summary>
internal static class SessionWord
{
    private const int CandidatesMax = 20;
    private const int NameColumnsMax = 48;

    /// <exception cref="CommandFailure">None is meant, or several are; then they are named.</exception>
    public static SessionDetail Find(StoreReader reader, string? word)
    {
        if (word is null)
        {
            var newest = reader.Sessions(Organisation.None, new SessionFilter { Limit = 1 });
            return newest.Count > 0 && reader.Session(Organisation.None, newest[0].SessionId) is { } last ? last : throw new CommandFailure(ExitCode.NotFine, "lethe: no session has been heard yet.");
        }

        if (reader.Session(Organisation.None, word) is { } detail)
        {
            return detail;
        }

        var meant = reader.SessionsMeant(Organisation.None, word, CandidatesMax + 1);
        var candidates = meant.Take(CandidatesMax).OrderByDescending(session => session.LastSeenAt).ThenBy(session => session.SessionId, StringComparer.Ordinal)
            .Select(session => $"  {session.SessionId}  {session.HarnessId}  {Clock.Local.Moment(session.LastSeenAt)}  {Format.OneLine(session.Name ?? session.HarnessSessionId, NameColumnsMax)}")
            .Concat(meant.Count > CandidatesMax ? ["  and more"] : Array.Empty<string>())
            .ToList();
        throw new CommandFailure(
            ExitCode.NotFine,
            candidates.Count == 0 ? $"lethe: no session answers to '{word}'." : $"lethe: several sessions answer to '{word}':\n{string.Join('\n', candidates)}");
    }

    /// <summary>Its id.</summary>
    /// <exception cref="CommandFailure">As <see cref="Find"/>.</exception>
    public static string Require(LetheSettings settings, string word)
    {
        using var reader = StoreFile.Open(settings);
        return Find(reader, word).Session.SessionId;
    }
}
