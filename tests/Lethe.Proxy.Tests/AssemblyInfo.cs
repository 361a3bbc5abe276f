// The tests start agents, Envoys and recorders of their own. Two cores that had two such worlds at once were too slow, now and then, for the one or the other.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
