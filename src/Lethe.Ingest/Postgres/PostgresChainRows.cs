using System.Buffers.Binary;
using Lethe.Capture.Chains;
using Lethe.Ingest.Meaning;
using Npgsql;
using static Lethe.Ingest.Postgres.PostgresValues;

namespace Lethe.Ingest.Postgres;

/// <summary>Reads nodes, members and tool calls into a working set.</summary>
internal sealed class PostgresChainRows(PostgresStatements statements)
{
    /// <summary>What a turn adds is at the chain's end; only where it is new in all of that, more is asked for.</summary>
    private const int WindowFirst = 8;

    private const int WindowGrowth = 16;

    public void Load(WorkingSet set, Needs needs)
    {
        var left = needs.Chains.ConvertAll(chain => (Chain: chain, End: chain.Chain.Nodes.Count));
        for (var window = WindowFirst; left.Count > 0; window *= WindowGrowth)
        {
            LoadWindows(set, left, window);
            left = left
                .Where(one => !IsFound(set, one.Chain, one.End, window) && one.End > window)
                .Select(one => (one.Chain, one.End - window))
                .ToList();
        }

        LoadMembers(set, [.. needs.Members]);
        if (needs.Tools.Count > 0)
        {
            LoadCalls(needs.Tools);
        }

        foreach (var session in needs.Whole)
        {
            LoadWhole(set, session);
        }
    }

    private void LoadWindows(WorkingSet set, List<(ChainNeed Chain, int End)> chains, int window)
    {
        var nodes = new HashSet<(string Org, NodeHash Hash)>();
        var members = new List<(SessionState Session, NodeHash Hash)>();
        foreach (var (chain, end) in chains)
        {
            for (var i = Math.Max(0, end - window); i < end; i++)
            {
                var hash = chain.Chain.Nodes[i].Hash;
                if (!set.Nodes.ContainsKey((chain.Org, hash)))
                {
                    nodes.Add((chain.Org, hash));
                }

                if (chain.Session is { IsWhole: false } session && !session.Looked.Contains(hash))
                {
                    members.Add((session, hash));
                }
            }
        }

        LoadNodes(set, nodes);
        LoadMembers(set, members);
    }

    private static bool IsFound(WorkingSet set, in ChainNeed chain, int end, int window)
    {
        for (var i = end - 1; i >= Math.Max(0, end - window); i--)
        {
            if (!chain.IsWhole && ChainMembers.IsKnown(set, chain.Org, chain.Session, chain.Chain.Nodes[i].Hash, chain.Clock))
            {
                return true;
            }
        }

        return false;
    }

    private void LoadNodes(WorkingSet set, HashSet<(string Org, NodeHash Hash)> wanted)
    {
        if (wanted.Count == 0)
        {
            return;
        }

        foreach (var key in wanted)
        {
            set.Nodes[key] = null;
        }

        var found = statements.Query(
            "SELECT n.org, n.hash, n.body_digest FROM nodes n JOIN unnest($1, $2) k (org, hash) ON k.org = n.org AND k.hash = n.hash",
            row => (Key: (row.GetGuid(0).ToString("D"), new NodeHash(row.Bytes(1)!)), Digest: BinaryPrimitives.ReadUInt128BigEndian(row.Bytes(2))),
            Of(wanted.Select(one => Org(one.Org))),
            Of(wanted.Select(one => one.Hash.ToArray())));
        foreach (var (key, digest) in found)
        {
            set.Nodes[key] = new NodeState(digest);
        }
    }

    private void LoadMembers(WorkingSet set, List<(SessionState Session, NodeHash Hash)> wanted)
    {
        if (wanted.Count == 0)
        {
            return;
        }

        wanted.ForEach(one => one.Session.Looked.Add(one.Hash));
        var found = statements.Query(
            """
            SELECT m.session, m.hash, m.carried_at, m.carried_by
            FROM session_nodes m
            JOIN unnest($1, $2, $3) k (org, session, hash) ON k.org = m.org AND k.session = m.session AND k.hash = m.hash
            """,
            row => (Session: row.GetGuid(0), Hash: new NodeHash(row.Bytes(1)!), Clock: row.Clock(2)!.Value),
            Of(wanted.Select(one => Org(one.Session.Key.OrgId))),
            Of(wanted.Select(one => one.Session.Id)),
            Of(wanted.Select(one => one.Hash.ToArray())));
        foreach (var (session, hash, clock) in found)
        {
            set.Session(session).Members.TryAdd(hash, new Membership(clock, null));
        }
    }

    private void LoadCalls(HashSet<(SessionState Session, string CallId)> wanted)
    {
        foreach (var (session, id) in wanted)
        {
            session.Tools[id] = new ToolCallState();
        }

        var sessions = wanted.Select(one => one.Session).Distinct().ToDictionary(session => session.Id);
        var found = statements.Query(
            CallSelect + "JOIN unnest($1, $2, $3) k (org, session, id) ON k.org = t.org AND k.session = t.session AND k.id = t.call_id",
            ReadCall,
            Of(wanted.Select(one => Org(one.Session.Key.OrgId))),
            Of(wanted.Select(one => one.Session.Id)),
            Of(wanted.Select(one => one.CallId)));
        foreach (var (session, id, call) in found)
        {
            sessions[session].Tools[id] = call;
        }
    }

    private void LoadWhole(WorkingSet set, SessionState session)
    {
        var org = session.Key.OrgId;
        var members = statements.Query(
            """
            SELECT m.hash, m.carried_at, m.carried_by, m.body, n.body_digest
            FROM session_nodes m
            JOIN nodes n ON n.org = m.org AND n.hash = m.hash
            WHERE m.org = $1 AND m.session = $2
            """,
            row => (
                Hash: new NodeHash(row.Bytes(0)!),
                Member: new Membership(row.Clock(1)!.Value, row.Bytes(3) is { } own ? own : default(ReadOnlyMemory<byte>?)),
                Digest: BinaryPrimitives.ReadUInt128BigEndian(row.Bytes(4))),
            Of(Org(org)),
            Of(session.Id));
        foreach (var (hash, member, digest) in members)
        {
            session.Found(hash, member);
            set.Nodes[(org, hash)] = new NodeState(digest);
        }

        foreach (var (_, id, call) in statements.Query(CallSelect + "WHERE t.org = $1 AND t.session = $2", ReadCall, Of(Org(org)), Of(session.Id)))
        {
            session.Tools.TryAdd(id, call);
        }

        session.IsWhole = true;
    }

    private const string CallSelect = """
        SELECT t.session, t.call_id, t.asked_at, t.asked_by, t.answered_at, t.answered_by, t.name, t.arguments, t.is_error, t.is_cancelled
        FROM tool_calls t

        """;

    private static (Guid Session, string Id, ToolCallState Call) ReadCall(NpgsqlDataReader row) => (row.GetGuid(0), row.GetString(1), new ToolCallState
    {
        Asked = row.Clock(2),
        Answered = row.Clock(4),
        Name = row.Text(6),
        ArgumentsJson = row.Text(7),
        IsError = row.Long(8) is { } error ? error != 0 : null,
        IsCancelled = row.Long(9) is { } cancelled ? cancelled != 0 : null,
    });
}
