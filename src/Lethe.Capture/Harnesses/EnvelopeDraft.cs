namespace Lethe.Capture.Harnesses;

/// <summary>An envelope while evidence is gathered, strongest first: what was said once is not said over.</summary>
internal sealed class EnvelopeDraft
{
    private readonly Dictionary<string, string> evidence = [];

    public string? HarnessId { get; private set; }

    public string? Version { get; private set; }

    public string? SessionId { get; private set; }

    public SessionIdOrigin Origin { get; private set; }

    public string? ThreadId { get; private set; }

    public string? ParentHarnessId { get; private set; }

    public string? ParentSessionId { get; private set; }

    public string? PromptId { get; private set; }

    public string? RequestKind { get; private set; }

    public string? ForkedFromId { get; private set; }

    public string? Cwd { get; private set; }

    public string? Name { get; private set; }

    public string? Metadata { get; private set; }

    /// <summary>True when two sources of the harness's own contradict each other: then nobody's session id is believed.</summary>
    public bool SessionDisputed { get; private set; }

    public bool HasExplicitSession => SessionId is not null && Origin == SessionIdOrigin.Explicit;

    public void Harness(Clue? clue) => HarnessId = Take(HarnessId, clue, "harness_id");

    public void HarnessVersion(Clue? clue) => Version = Take(Version, clue, "harness_version");

    public void Session(Clue? clue, SessionIdOrigin origin = SessionIdOrigin.Harness)
    {
        if (SessionId is null && clue is not null && !(SessionDisputed && origin == SessionIdOrigin.Harness))
        {
            SessionId = Take(SessionId, clue, "harness_session_id");
            Origin = origin;
        }
    }

    public void DisputeSession(string sources)
    {
        if (SessionId is null)
        {
            SessionDisputed = true;
            evidence["harness_session_id"] = "conflict:" + sources;
        }
    }

    public void Thread(Clue? clue) => ThreadId = Take(ThreadId, clue, "thread_id");

    public void Prompt(Clue? clue) => PromptId = Take(PromptId, clue, "prompt_id");

    public void Kind(Clue? clue) => RequestKind = Take(RequestKind, clue, "request_kind");

    /// <summary>The session of the same harness whose conversation this one goes on with.</summary>
    public void ForkedFrom(Clue? clue) => ForkedFromId = Take(ForkedFromId, clue, "forked_from");

    public void WorkingDirectory(Clue? clue) => Cwd = Take(Cwd, clue, "cwd");

    public void SessionName(Clue? clue) => Name = Take(Name, clue, "name");

    public void MetadataJson(Clue? clue) => Metadata = Take(Metadata, clue, "metadata");

    /// <summary>A parent, in the harness that is named, or (when <paramref name="harness"/> is null) in no particular one.</summary>
    public void Parent(Clue? session, Clue? harness)
    {
        if (ParentSessionId is null && session is not null)
        {
            ParentSessionId = Take(ParentSessionId, session, "parent_harness_session_id");
            ParentHarnessId = Take(ParentHarnessId, harness, "parent_harness_id");
        }
    }

    /// <summary>A parent in the child's own harness.</summary>
    public void ParentInSameHarness(Clue? session)
    {
        if (session is { } named && named.Value != SessionId)
        {
            Parent(named, new Clue(HarnessId ?? SessionEnvelope.UnknownHarness, named.Source));
        }
    }

    /// <summary>
    /// True for an explicit id that repeats the harness's own root, or that says nothing of threads or parents: it stands for the whole program
    /// run, its agents included.
    /// </summary>
    public bool NamesRun(string? root) =>
        HasExplicitSession && (SessionId == root || (ParentSessionId is null && ThreadId is null));

    /// <summary>A session and, where it has one, the session above it, in the harness's own ids.</summary>
    public void OwnSession(Clue? own, Clue? parent)
    {
        if (own is { } child && parent is { } above && child.Value != above.Value)
        {
            Child(child, above, root: above);
        }
        else
        {
            Session(own);
            ParentInSameHarness(parent);
        }
    }

    /// <summary>A session below another one, in the harness's own ids; <paramref name="root"/> is the session of the whole program run.</summary>
    public void Child(Clue own, Clue parent, Clue root)
    {
        if (HasExplicitSession && SessionId != own.Value)
        {
            if (!NamesRun(root.Value))
            {
                return;
            }

            if (SessionId != root.Value)
            {
                DescendTo(own, parent.Value == root.Value ? null : parent);
                return;
            }

            // What is said of the root is not said of the child.
            SessionId = ParentSessionId = ParentHarnessId = null;
        }

        Session(own);
        ParentInSameHarness(parent);
    }

    /// <summary>Makes this the session of an agent below the session named so far, which becomes its parent's root.</summary>
    public void DescendTo(Clue agent, Clue? parentAgent)
    {
        if (SessionId is not { } root)
        {
            return;
        }

        ParentSessionId = null;
        ParentHarnessId = null;
        SessionId = $"{root}/{agent.Value}";
        evidence["harness_session_id"] += "+" + agent.Source;
        ParentInSameHarness(parentAgent is { } above ? new Clue($"{root}/{above.Value}", above.Source) : new Clue(root, agent.Source));
    }

    public SessionEnvelope Finish(string? userAgent) => new()
    {
        HarnessId = HarnessId ?? SessionEnvelope.UnknownHarness,
        HarnessVersion = Version,
        HarnessSessionId = SessionId,
        IdOrigin = SessionId is null ? SessionIdOrigin.Synthetic : Origin,
        ThreadId = ThreadId,
        ParentHarnessId = ParentHarnessId,
        ParentHarnessSessionId = ParentSessionId,
        PromptId = PromptId,
        RequestKind = RequestKind,
        ForkedFromHarnessSessionId = ForkedFromId == SessionId ? null : ForkedFromId,
        Cwd = Cwd,
        Name = Name,
        MetadataJson = Metadata,
        UserAgent = userAgent,
        Evidence = evidence,
    };

    private string? Take(string? current, Clue? clue, string field)
    {
        if (current is not null || clue is not { } found)
        {
            return current;
        }

        evidence[field] = found.Source;
        return found.Value;
    }
}
