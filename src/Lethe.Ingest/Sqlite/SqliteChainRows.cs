using System.Buffers.Binary;
using Lethe.Capture.Chains;
using Lethe.Ingest.Meaning;
using Microsoft.Data.Sqlite;

namespace Lethe.Ingest.Sqlite;

/// <summary>Reads nodes, members and tool calls into a working set. Takes part in the caller's transaction.</summary>
internal sealed class SqliteChainRows : IDisposable
{
    private readonly SqliteNames names;
    private readonly Prepared node;
    private readonly Prepared member;
    private readonly Prepared members;
    private readonly Prepared call;
    private readonly Prepared calls;

    public SqliteChainRows(SqliteConnection connection, SqliteNames names)
    {
        this.names = names;
        node = new Prepared(connection, "SELECT node, body_digest FROM nodes WHERE hash = ?1 AND org = ?2");
        member = new Prepared(connection, "SELECT carried_at, carried_by FROM session_nodes WHERE session = ?1 AND node = ?2");
        members = new Prepared(
            connection,
            """
            SELECT n.hash, m.carried_at, m.carried_by, m.body, n.node, n.body_digest
            FROM session_nodes m
            JOIN nodes n ON n.node = m.node
            WHERE m.session = ?1
            """);
        call = new Prepared(
            connection, "SELECT call_id, asked_at, asked_by, answered_at, answered_by, name, arguments, is_error, is_cancelled FROM tool_calls WHERE session = ?1 AND call_id = ?2");
        calls = new Prepared(
            connection, "SELECT call_id, asked_at, asked_by, answered_at, answered_by, name, arguments, is_error, is_cancelled FROM tool_calls WHERE session = ?1");
    }

    public void Load(WorkingSet set, Needs needs)
    {
        foreach (var chain in needs.Chains)
        {
            LoadChain(set, chain);
        }

        foreach (var (session, hash) in needs.Members)
        {
            LoadMember(set, session.Key.OrgId, session, hash);
        }

        foreach (var (session, id) in needs.Tools)
        {
            using var row = call.Query(session.Row, id);
            session.Tools[id] = row.Read() ? ReadCall(row) : new ToolCallState();
        }

        foreach (var session in needs.Whole)
        {
            LoadWhole(set, session);
        }
    }

    /// <summary>A node's row; it must be stored.</summary>
    public long Row(WorkingSet set, string org, NodeHash hash)
    {
        if (set.Nodes.GetValueOrDefault((org, hash)) is { Row: not 0 } known)
        {
            return known.Row;
        }

        return node.Number(hash.ToArray(), names.Org(org)) ?? throw new InvalidOperationException($"Node {hash} is not stored.");
    }

    public void Dispose()
    {
        Prepared[] all = [node, member, members, call, calls];
        Array.ForEach(all, one => one.Dispose());
    }

    // Behind the first that is known, root-wards, all are.
    private void LoadChain(WorkingSet set, in ChainNeed chain)
    {
        for (var i = chain.Chain.Nodes.Count - 1; i >= 0; i--)
        {
            var hash = chain.Chain.Nodes[i].Hash;
            LoadMember(set, chain.Org, chain.Session, hash);
            if (!chain.IsWhole && ChainMembers.IsKnown(set, chain.Org, chain.Session, hash, chain.Clock))
            {
                return;
            }
        }
    }

    private void LoadMember(WorkingSet set, string org, SessionState? session, NodeHash hash)
    {
        var found = LoadNode(set, org, hash);
        if (found is not { Row: not 0 } stored || session is null || session.IsWhole || !session.Looked.Add(hash))
        {
            return;
        }

        using var row = member.Query(session.Row, stored.Row);
        if (row.Read())
        {
            session.Members.TryAdd(hash, new Membership(row.Clock(0)!.Value, null));
        }
    }

    private NodeState? LoadNode(WorkingSet set, string org, NodeHash hash)
    {
        if (set.Nodes.TryGetValue((org, hash), out var known))
        {
            return known;
        }

        using var row = node.Query(hash.ToArray(), names.Org(org));
        return set.Nodes[(org, hash)] = row.Read() ? Read(row, 0) : null;
    }

    private static NodeState Read(SqliteRow row, int column) =>
        new(BinaryPrimitives.ReadUInt128BigEndian(row.Bytes(column + 1)), row.GetInt64(column));

    private void LoadWhole(WorkingSet set, SessionState session)
    {
        using (var row = members.Query(session.Row))
        {
            while (row.Read())
            {
                var hash = new NodeHash(row.Bytes(0)!);
                session.Found(hash, new Membership(row.Clock(1)!.Value, row.Bytes(3) is { } own ? own : default(ReadOnlyMemory<byte>?)));
                set.Nodes[(session.Key.OrgId, hash)] = Read(row, 4);
            }
        }

        using var calling = calls.Query(session.Row);
        while (calling.Read())
        {
            session.Tools.TryAdd(calling.GetString(0), ReadCall(calling));
        }

        session.IsWhole = true;
    }

    private static ToolCallState ReadCall(SqliteRow row) => new()
    {
        Asked = row.Clock(1),
        Answered = row.Clock(3),
        Name = row.Text(5),
        ArgumentsJson = row.Text(6),
        IsError = row.Long(7) is { } error ? error != 0 : null,
        IsCancelled = row.Long(8) is { } cancelled ? cancelled != 0 : null,
    };
}
